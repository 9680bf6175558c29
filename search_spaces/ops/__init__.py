"""Ops: one file a kind of layer, with its shapes, parameters, FLOPs and memory; no torch."""
