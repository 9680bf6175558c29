"""Activations: an element-wise one is a line of the table."""

import torch
from torch import Generator, Tensor, nn

from search_spaces.ops.activation import Activation as Op
from workers.messages import Shape


class Maxout(nn.Module):
    """The larger of two halves of the features, or of the channels of an image (Goodfellow et al. 2013)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, inputs: Tensor) -> Tensor:
        """Halve one dimension."""
        first, second = inputs.chunk(2, self.dim)
        return torch.maximum(first, second)


MODULES: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
}


class Activation:
    """torch's activation with torch's constants, or maxout."""

    modules = (Maxout,)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the activation of a kind."""
        return Maxout(_halved(shape)) if op.kind == "maxout" else MODULES[op.kind]()

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return f"Maxout({_halved(shape)})" if op.kind == "maxout" else f"nn.{MODULES[op.kind].__name__}()"


def _halved(shape: Shape) -> int:
    """Return the dimension that maxout halves: the channels of an image, or the last."""
    return 1 if len(shape) == 3 else -1
