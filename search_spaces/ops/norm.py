"""Normalisation with a trained scale and shift: over channels of images, over features of vectors and sequences."""

from dataclasses import dataclass

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.activation import halved
from search_spaces.ops.protocol import Kept, Shape

NORMS = ("batch", "layer", "group")


@dataclass(frozen=True, slots=True)
class Norm:
    """One of `NORMS`; `groups` is for group norm alone and divides the channels or features."""

    kind: str = "batch"
    groups: int = 1

    def output(self, shape: Shape) -> Shape:
        """Keep the shape."""
        if self.kind not in NORMS:
            raise BuildError(f"unknown norm {self.kind!r}{nearest(self.kind, NORMS)}")
        channels = shape[halved(shape)]
        if self.kind == "group" and (self.groups < 1 or channels % self.groups):
            raise BuildError(f"group norm needs groups that divide {channels} channels or features, got {self.groups}")
        return shape

    def parameters(self, shape: Shape) -> int:
        """Count a scale and a shift for each channel or feature."""
        return 2 * shape[halved(shape)]

    def flops(self, shape: Shape) -> int:
        """Count nothing: no product of matrices."""
        return 0

    def kept(self, shape: Shape) -> Kept:
        """Keep the input, and of layer and group norm a mean and a deviation for each group and step."""
        steps = shape[0] if len(shape) == 2 else 1
        groups = {"batch": 0, "layer": 1, "group": self.groups}[self.kind]
        return Kept(input=True, further=2 * groups * steps)
