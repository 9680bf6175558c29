"""Pooling over a whole image: one number a channel."""

import torch
from torch import Generator, Tensor, nn

from search_spaces.ops.global_pool import GlobalPool as Op
from workers.messages import Shape


class GlobalMax(nn.Module):
    """The largest value of each channel."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Reduce (batch, channels, height, width) to (batch, channels)."""
        return torch.amax(inputs, dim=(2, 3))


class GlobalAverage(nn.Module):
    """The mean of each channel."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Reduce (batch, channels, height, width) to (batch, channels)."""
        return torch.mean(inputs, dim=(2, 3))


class GlobalPool:
    """A module of ours: torch's adaptive pooling leaves two dimensions of size 1."""

    modules = (GlobalMax, GlobalAverage)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the pooling of a kind."""
        return GlobalMax() if op.kind == "max" else GlobalAverage()

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return "GlobalMax()" if op.kind == "max" else "GlobalAverage()"
