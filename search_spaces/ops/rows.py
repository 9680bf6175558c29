"""A sample read as a sequence: an image row by row, a vector number by number; a sequence stays one."""

from dataclasses import dataclass

from search_spaces.ops.protocol import Kept, Shape


@dataclass(frozen=True, slots=True)
class Rows:
    """(channels, height, width) becomes (height, channels × width), (features,) becomes (features, 1)."""

    def output(self, shape: Shape) -> Shape:
        """Return time and features."""
        if len(shape) == 3:
            return (shape[1], shape[0] * shape[2])
        return shape if len(shape) == 2 else (shape[0], 1)

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep nothing: the same numbers in another order."""
        return Kept(view=True)
