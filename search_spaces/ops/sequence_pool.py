"""A sequence made one vector: its last step, or the mean of all."""

from dataclasses import dataclass

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.protocol import Kept, Shape, sequence

SEQUENCE_POOLS = ("last", "mean")


@dataclass(frozen=True, slots=True)
class SequencePool:
    """One of `SEQUENCE_POOLS`."""

    kind: str = "last"

    def output(self, shape: Shape) -> Shape:
        """Return the features."""
        if self.kind not in SEQUENCE_POOLS:
            raise BuildError(f"unknown sequence pooling {self.kind!r}{nearest(self.kind, SEQUENCE_POOLS)}")
        return (sequence(shape, "sequence pooling")[1],)

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep nothing for itself; the last step is a view, and holds the whole sequence in memory."""
        return Kept(view=self.kind == "last")
