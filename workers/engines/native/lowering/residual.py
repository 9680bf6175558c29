"""Residual: both ways as descriptions within the description."""

from math import prod

from search_spaces.ops.protocol import Shape
from search_spaces.ops.residual import Residual as Op
from workers.engines.native.program import Unsupported, Writer


class Residual:
    """An empty shortcut is the identity."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it."""
        body = writer.chain(op.body, shape, f"{name}body.")
        shortcut = writer.chain(op.shortcut, shape, f"{name}shortcut.")
        if not body:
            raise Unsupported("a residual whose body does nothing")
        writer.layer("residual", prod(shape), len(body), *body, len(shortcut), *shortcut)
