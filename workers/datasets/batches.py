"""Batches: samples on a device, in an order that depends on the study's seed and the epoch alone.

A pass sees every sample once. It is one epoch, or, where there are many samples, several: equal parts of the pass's
order. Parts differ in size by a sample at most, so each engine counts the steps of an epoch from the samples in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.datasets.dataset import Fold
from workers.seeds import mix


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Inputs (samples, *shape) and targets (samples,) or (samples, outputs), on one device."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """The samples of one epoch in their order; every candidate cuts its own batches from it."""

    samples: Samples
    number: int
    """How many epochs were trained before."""

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield views of (inputs, targets), each of `size` samples, the last of what is left, at least two."""
        count, inputs, targets = len(self.samples), self.samples.inputs, self.samples.targets
        for start in range(0, size * batch_count(count, size), size):
            length = min(size, count - start)
            yield inputs.narrow(0, start, length), targets.narrow(0, start, length)


def batch_count(samples: int, size: int) -> int:
    """Return the batches of an epoch; a single left-over sample is left out: batch normalisation needs two."""
    whole, rest = divmod(samples, size)
    return whole + (rest > 1 or whole == 0)


def step_count(samples: int, parts: int, *, size: int, epochs: int) -> int:
    """Return the steps of a whole training, whose passes are of so many epochs."""
    counts = [batch_count(end - begin, size) for begin, end in (_part(samples, parts, part) for part in range(parts))]
    whole, rest = divmod(epochs, parts)
    return whole * sum(counts) + sum(counts[:rest])


def shuffled(samples: Samples, *, seed: int, epoch: int, parts: int = 1) -> Epoch:
    """Return the samples of the epoch that follows `epoch` others, in its order; a pass is of `parts` epochs."""
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(mix(seed, epoch // parts)))
    begin, end = _part(len(samples), parts, epoch % parts)
    order = order[begin:end].to(samples.targets.device)
    inputs, targets = samples.inputs.index_select(0, order), samples.targets.index_select(0, order)
    return Epoch(Samples(_channels_last(inputs), targets), epoch)


def _part(samples: int, parts: int, part: int) -> tuple[int, int]:
    """Return where a part of a pass begins and ends."""
    return part * samples // parts, (part + 1) * samples // parts


def load(fold: Fold, *, device: str) -> Samples:
    """Copy a fold to a device."""
    inputs, targets = torch.from_numpy(fold.inputs).to(device), torch.from_numpy(fold.targets).to(device)
    return Samples(_channels_last(inputs), targets)


def join(first: Fold, second: Fold) -> Fold:
    """Return the samples of two folds, one after the other."""
    return Fold(np.concatenate([first.inputs, second.inputs]), np.concatenate([first.targets, second.targets]))


def _channels_last(inputs: Tensor) -> Tensor:
    """Lay images out as convolutions on a CPU like them; all else, and other devices, stay as they are."""
    images = inputs.ndim == 4 and inputs.device.type == "cpu"
    return inputs.contiguous(memory_format=torch.channels_last) if images else inputs
