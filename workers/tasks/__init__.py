"""Tasks: one file a source of samples, with its split, loss and metrics."""
