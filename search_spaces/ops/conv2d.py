"""A convolution over images, padded so that a stride of 1 keeps an odd kernel's image size."""

from dataclasses import dataclass
from math import prod

from search_spaces.ops.protocol import Kept, Shape, image


@dataclass(frozen=True, slots=True)
class Conv2d:
    """`channels` square kernels of `kernel` × `kernel`, with `kernel // 2` zeros around the image."""

    channels: int
    kernel: int
    stride: int = 1
    bias: bool = True
    init: str = "he"

    def output(self, shape: Shape) -> Shape:
        """Replace the channels, and the image's size by the number of places the kernel stops at."""
        _, *sizes = image(shape, "a convolution")
        return (self.channels, *((size + 2 * (self.kernel // 2) - self.kernel) // self.stride + 1 for size in sizes))

    def parameters(self, shape: Shape) -> int:
        """Count weights and biases."""
        return (shape[0] * self.kernel**2 + self.bias) * self.channels

    def flops(self, shape: Shape) -> int:
        """Count a multiply-add for each weight at each place."""
        return 2 * shape[0] * self.kernel**2 * prod(self.output(shape))

    def kept(self, shape: Shape) -> Kept:
        """Keep the input, for the gradient of the weights."""
        return Kept(input=True)
