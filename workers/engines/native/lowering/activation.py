"""Activations, float by float, and maxout."""

from math import prod

from search_spaces.ops.activation import Activation as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer, code


class Activation:
    """Maxout halves the channels of an image, or the features of each step."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it."""
        groups = shape[0] if len(shape) == 2 else 1
        writer.layer("activation", code(op.kind), prod(shape), groups)
