"""Pooling over windows of an image that do not overlap."""

from torch import Generator, nn

from search_spaces.ops.pool import Pool as Op
from workers.messages import Shape


class Pool:
    """torch's MaxPool2d or AvgPool2d."""

    modules = ()

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the pooling of a kind."""
        return nn.MaxPool2d(op.size) if op.kind == "max" else nn.AvgPool2d(op.size)

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return f"nn.{'MaxPool2d' if op.kind == 'max' else 'AvgPool2d'}({op.size})"
