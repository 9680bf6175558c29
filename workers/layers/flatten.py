"""Any shape laid out as one vector."""

from torch import Generator, nn

from search_spaces.ops.flatten import Flatten as Op
from workers.messages import Shape


class Flatten:
    """torch's Flatten."""

    modules = ()

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return an nn.Flatten."""
        return nn.Flatten()

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return "nn.Flatten()"
