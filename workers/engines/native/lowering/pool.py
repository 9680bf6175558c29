"""Pooling over windows of an image."""

from search_spaces.ops.pool import POOLS
from search_spaces.ops.pool import Pool as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer


class Pool:
    """The largest or the mean of each window."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer."""
        writer.layer("pool", POOLS.index(op.kind), *shape, op.size)
