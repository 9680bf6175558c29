"""An image read as a sequence of its rows."""

from search_spaces.ops.protocol import Shape
from search_spaces.ops.rows import Rows as Op
from workers.engines.native.program import Writer


class Rows:
    """Only where an image has several channels do its numbers change places."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer, if it does anything."""
        if len(shape) == 3 and shape[0] > 1:
            writer.layer("rows", *shape)
