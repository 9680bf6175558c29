"""Process: workers as processes of this machine, forked and watched."""
