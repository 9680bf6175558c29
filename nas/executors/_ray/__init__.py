"""Ray: workers as actors of a cluster, from a child process in which Ray lives."""
