"""Pooling: the largest or the mean of each window of an image; windows do not overlap, a rest at the edge is cut."""

from dataclasses import dataclass
from math import prod

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.protocol import Kept, Shape, image

POOLS = ("max", "average")
INDEX_FLOATS = 2
"""The place of a maximum is a 64-bit number."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Windows of `size` × `size`."""

    kind: str = "max"
    size: int = 2

    def output(self, shape: Shape) -> Shape:
        """Divide the image's size."""
        if self.kind not in POOLS:
            raise BuildError(f"unknown pooling {self.kind!r}{nearest(self.kind, POOLS)}")
        channels, height, width = image(shape, "pooling")
        if min(height, width) < self.size:
            raise BuildError(f"an image of {height}×{width} is too small to be pooled by {self.size}: pool less often")
        return (channels, height // self.size, width // self.size)

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep the input, and the places of the maxima."""
        return Kept(input=True, further=INDEX_FLOATS * prod(self.output(shape)) if self.kind == "max" else 0)
