"""Dropout, with a stream of its own."""

from math import prod

from search_spaces.ops.dropout import Dropout as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer


class Dropout:
    """One that drops nothing is left out, but keeps its number."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it."""
        key = writer.dropout_key()
        if op.p > 0:
            writer.layer("dropout", prod(shape), float(op.p), key)
