"""Normalisation by batch, layer or group."""

from torch import Generator, Tensor, nn

from search_spaces.ops.norm import Norm as Op
from workers.messages import Shape


class EachStep(nn.Module):
    """A normalisation of vectors, used on every step of a sequence."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (batch, time, features) to the same shape."""
        steps: Tensor = self.norm(inputs.flatten(0, 1))
        return steps.view(inputs.shape)


class Norm:
    """Over channels for images, over features for vectors and sequences; scales begin at 1, shifts at 0."""

    modules = (EachStep,)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the normalisation of a kind, for samples of this rank."""
        made = _plain(op, shape)
        return EachStep(made) if len(shape) == 2 else made

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return f"EachStep({_expression(op, shape)})" if len(shape) == 2 else _expression(op, shape)


def _plain(op: Op, shape: Shape) -> nn.Module:
    size = _size(shape)
    if op.kind == "batch":
        return nn.BatchNorm2d(size) if len(shape) == 3 else nn.BatchNorm1d(size)
    if op.kind == "layer" and len(shape) < 3:
        return nn.LayerNorm(size)
    return nn.GroupNorm(1 if op.kind == "layer" else op.groups, size)


def _expression(op: Op, shape: Shape) -> str:
    size = _size(shape)
    if op.kind == "batch":
        return f"nn.BatchNorm{2 if len(shape) == 3 else 1}d({size})"
    if op.kind == "layer" and len(shape) < 3:
        return f"nn.LayerNorm({size})"
    return f"nn.GroupNorm({1 if op.kind == 'layer' else op.groups}, {size})"


def _size(shape: Shape) -> int:
    return shape[0] if len(shape) == 3 else shape[-1]
