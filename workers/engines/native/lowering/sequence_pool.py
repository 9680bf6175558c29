"""A sequence made one vector."""

from search_spaces.ops.protocol import Shape
from search_spaces.ops.sequence_pool import SequencePool as Op
from workers.engines.native.program import Writer

KINDS = {"mean": 1, "last": 2}


class SequencePool:
    """Its last step, or the mean of all."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer."""
        writer.layer("sequence_pool", KINDS[op.kind], *shape)
