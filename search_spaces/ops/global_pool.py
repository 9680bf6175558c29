"""The largest or the mean of each channel of an image."""

from dataclasses import dataclass

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.pool import POOLS
from search_spaces.ops.protocol import Kept, Shape, image


@dataclass(frozen=True, slots=True)
class GlobalPool:
    """An image becomes a vector of its channels."""

    kind: str = "average"

    def output(self, shape: Shape) -> Shape:
        """Return the channels."""
        if self.kind not in POOLS:
            raise BuildError(f"unknown pooling {self.kind!r}{nearest(self.kind, POOLS)}")
        return (image(shape, "global pooling")[0],)

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep input and output, to find the maxima again; nothing for a mean."""
        return Kept(input=True, output=True) if self.kind == "max" else Kept()
