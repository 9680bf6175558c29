"""Dropout from a counter-based stream: what it drops depends on the candidate's seed, the step and the layer alone."""

import torch
from torch import Generator, Tensor, nn

from search_spaces.ops.dropout import Dropout as Op
from workers.messages import Shape
from workers.seeds import mix


class StreamDropout(nn.Module):
    """Dropout whose generator starts anew at each step; without `begin` it goes on with its stream."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.key = 0
        self.generator = torch.Generator()

    def begin(self, step: int) -> None:
        """Turn to the stream of this training step."""
        self.generator.manual_seed(mix(self.key, step))

    def forward(self, inputs: Tensor) -> Tensor:
        """Zero a share `p` of the elements and scale up the others; the identity while not training."""
        if not self.training or self.p == 0:
            return inputs
        kept = torch.empty_like(inputs).bernoulli_(1.0 - self.p, generator=self.generator)
        return inputs * kept.mul_(1.0 / (1.0 - self.p))


class Dropout:
    """Written as torch's own Dropout in source: trained networks drop nothing."""

    modules = ()

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return a dropout whose key the network's builder sets."""
        return StreamDropout(op.p)

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return the expression of torch's Dropout."""
        return f"nn.Dropout({op.p!r})"
