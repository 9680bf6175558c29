"""Controller: the one process that runs a study: prepare, loop, final stage."""
