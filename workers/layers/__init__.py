"""Layers: one file an op, how torch builds and initialises it."""
