"""Pooling over a whole image."""

from math import prod

from search_spaces.ops.global_pool import GlobalPool as Op
from search_spaces.ops.pool import POOLS
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer


class GlobalPool:
    """The largest or the mean of each channel."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer."""
        writer.layer("global_pool", POOLS.index(op.kind), shape[0], prod(shape[1:]))
