"""Flatten: nothing moves, a sample's floats lie in torch's order already."""

from search_spaces.ops.flatten import Flatten as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer


class Flatten:
    """Left out."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it."""
