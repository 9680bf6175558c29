"""Commands: one file a command of `nas`."""
