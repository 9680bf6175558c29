"""Dropout from a counter-based stream: what it drops depends on the candidate's seed, the step and the layer alone."""

import torch
from torch import Generator, Tensor, nn

from search_spaces.ops.dropout import Dropout as Op
from workers.messages import Shape
from workers.seeds import mix

LEVELS = 1 << 16
"""In how many levels a share is cut."""


class StreamDropout(nn.Module):
    """Dropout whose generator starts anew at each step; without `begin` it goes on with its stream."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.kept = max(1, round((1.0 - p) * LEVELS))
        """Levels, of `LEVELS`, at which an element is kept."""
        self.key = 0
        self.generator = torch.Generator()

    def place(self, device: str) -> None:
        """Draw on this device."""
        self.generator = torch.Generator(device)

    def begin(self, step: int) -> None:
        """Turn to the stream of this training step."""
        self.generator.manual_seed(mix(self.key, step))

    def forward(self, inputs: Tensor) -> Tensor:
        """Zero a share `p` of the elements and scale up the others; the identity while not training."""
        if not self.training or self.kept == LEVELS:
            return inputs
        drawn = _like(_sixteen_bits(inputs.numel(), inputs.device, self.generator), inputs)
        return inputs * (drawn < self.kept - LEVELS // 2).mul(LEVELS / self.kept)


def _sixteen_bits(count: int, device: torch.device, generator: Generator) -> Tensor:
    """Draw whole numbers from -32768 to 32767, four from each word: three times faster than bernoulli_ on a CPU."""
    words = torch.empty((count + 3) // 4, dtype=torch.int64, device=device)
    return words.random_(-(2**63), None, generator=generator).view(torch.int16)[:count]


def _like(numbers: Tensor, inputs: Tensor) -> Tensor:
    """Give numbers the shape of the inputs and, for images with their channels last, that order in memory."""
    if inputs.ndim == 4 and not inputs.is_contiguous():
        batch, channels, height, width = inputs.shape
        return numbers.view(batch, height, width, channels).permute(0, 3, 1, 2)
    return numbers.view(inputs.shape)


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
