"""A non-linearity, element by element; maxout takes the larger of two halves of the features or channels."""

from dataclasses import dataclass

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.protocol import Kept, Shape
from search_spaces.plain_text import shaped

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "maxout")

_FROM_OUTPUT = ("relu", "tanh", "sigmoid")
"""Their slope is computed from their output, the others' from their input."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One of `ACTIVATIONS`."""

    kind: str = "relu"

    def output(self, shape: Shape) -> Shape:
        """Keep the shape; maxout halves features or channels."""
        if self.kind not in ACTIVATIONS:
            raise BuildError(f"unknown activation {self.kind!r}{nearest(self.kind, ACTIVATIONS)}")
        if self.kind != "maxout":
            return shape
        axis = halved(shape)
        if shape[axis] % 2:
            raise BuildError(f"maxout needs an even number of features or channels, got shape {shaped(shape)}")
        return tuple(size // 2 if index == axis else size for index, size in enumerate(shape))

    def parameters(self, shape: Shape) -> int:
        """Count nothing: there are none."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep what the slope is computed from."""
        return Kept(output=True) if self.kind in _FROM_OUTPUT else Kept(input=True)


def halved(shape: Shape) -> int:
    """Return the axis of a sample that maxout halves: channels of images, features of all else."""
    return 0 if len(shape) == 3 else len(shape) - 1
