"""Lowerings: one file an op that the native engine covers, how it is described to C++."""

from search_spaces.registry import Menu

LOWERINGS = Menu("workers.engines.native.lowering", "lowering")
