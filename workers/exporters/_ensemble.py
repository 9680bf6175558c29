"""Several networks of one architecture, trained from different seeds, as one module: its outputs are their average.

Plain torch: exported source carries the class that it needs as it is.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class MeanOfProbabilities(nn.Module):
    """Networks as one: the softmax of its outputs is the mean of their softmaxes."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = torch.stack([member(inputs) for member in self.members])  # (members, batch, classes)
        return outputs.log_softmax(dim=2).logsumexp(dim=0) - math.log(len(self.members))


class MeanOfNumbers(nn.Module):
    """Networks as one: its outputs are the mean of theirs."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.stack([member(inputs) for member in self.members]).mean(dim=0)  # (members, batch, numbers)
