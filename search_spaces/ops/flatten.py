"""All numbers of a sample in one row."""

from dataclasses import dataclass
from math import prod

from search_spaces.ops.protocol import Kept, Shape


@dataclass(frozen=True, slots=True)
class Flatten:
    """An image or a sequence becomes a vector."""

    def output(self, shape: Shape) -> Shape:
        """Return one dimension."""
        return (prod(shape),)

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep nothing: the numbers stay where they are."""
        return Kept(view=True)
