"""Lowerings: one file an op that the native engine supports: its description for C++."""

from search_spaces.registry import Menu

LOWERINGS = Menu("workers.engines.native.lowering", "lowering")
