"""A fully connected layer on the last dimension."""

from dataclasses import dataclass
from math import prod

from search_spaces.ops.protocol import Kept, Shape


@dataclass(frozen=True, slots=True)
class Linear:
    """`features` weighted sums of the last dimension."""

    features: int
    bias: bool = True
    init: str = "he"

    def output(self, shape: Shape) -> Shape:
        """Replace the last dimension."""
        return (*shape[:-1], self.features)

    def parameters(self, shape: Shape) -> int:
        """Count weights and biases."""
        return (shape[-1] + self.bias) * self.features

    def flops(self, shape: Shape) -> int:
        """Count a multiply-add for each weight and row."""
        return 2 * prod(shape) * self.features

    def kept(self, shape: Shape) -> Kept:
        """Keep the input, for the gradient of the weights."""
        return Kept(input=True)
