"""Ray: workers as actors of a cluster, from a child process that runs Ray."""
