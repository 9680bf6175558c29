"""Dropout: in training, zeros at random and the rest scaled up."""

from dataclasses import dataclass
from math import prod

from search_spaces.errors import BuildError
from search_spaces.ops.protocol import Kept, Shape


@dataclass(frozen=True, slots=True)
class Dropout:
    """Each number is zeroed with probability `p`."""

    p: float

    def output(self, shape: Shape) -> Shape:
        """Keep the shape."""
        if not 0 <= self.p < 1:
            raise BuildError(f"dropout needs 0 ≤ p < 1, got {self.p!r}")
        return shape

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep the mask, a float for each number."""
        return Kept(further=prod(shape) if self.p > 0 else 0, view=self.p == 0)
