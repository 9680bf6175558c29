"""Layers: one file an op, how torch builds and initialises it, and how plain torch source says the same."""

from search_spaces.registry import Menu

LAYERS = Menu("workers.layers", "layer")
