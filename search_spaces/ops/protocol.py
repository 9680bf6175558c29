"""Op protocol: output shape, parameters, FLOPs, and what is kept for the backward pass."""

from dataclasses import dataclass
from typing import Protocol

from search_spaces.errors import BuildError
from search_spaces.plain_text import shaped

Shape = tuple[int, ...]
"""The shape of one sample, without the batch: (features,), (channels, height, width) or (time, features)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Values that the backward pass of an op needs of one sample: its input, its output, further floats; or nothing.

    A `view` makes no tensor of its own: its output is its input in another shape.
    """

    input: bool = False
    output: bool = False
    further: int = 0
    view: bool = False


class Op(Protocol):
    """One layer: a frozen dataclass in a file of its own. Every `shape` is that of one sample at its input."""

    def output(self, shape: Shape) -> Shape:
        """Return the output's shape; raise BuildError where the layer cannot stand."""
        ...

    def parameters(self, shape: Shape) -> int:
        """Count the trained numbers."""
        ...

    def flops(self, shape: Shape) -> int:
        """Count the operations of one sample's forward pass in products of matrices; a multiply-add is 2."""
        ...

    def kept(self, shape: Shape) -> Kept:
        """Return what stays in memory for the backward pass."""
        ...


def image(shape: Shape, what: str) -> Shape:
    """Return the shape if it is an image's; raise BuildError, saying what needs one, if not."""
    if len(shape) != 3:
        raise BuildError(f"{what} needs an image (channels, height, width), got shape {shaped(shape)}")
    return shape


def sequence(shape: Shape, what: str) -> Shape:
    """Return the shape if it is a sequence's; raise BuildError, saying what needs one, if not."""
    if len(shape) != 2:
        raise BuildError(f"{what} needs a sequence (time, features), got shape {shaped(shape)}")
    return shape
