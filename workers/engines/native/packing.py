"""Packing: samples in C++'s layout: batch by batch, the samples of a batch side by side."""

import ctypes
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from workers.datasets.batches import Samples, batch_count

EVALUATION_SIZE = 64
"""Samples of a batch while measuring: a multiple of every vector's lanes, small enough for the nearest cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Inputs and targets of `samples` samples in batches of `size`; C++ reads their memory."""

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32] | NDArray[np.int32]
    samples: int
    size: int


class Packer:
    """Packs samples, and writes again where it wrote the last time for the same size of batch."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._lanes = library.nas_lanes()
        self._memory: dict[tuple[str, int], NDArray[np.float32]] = {}

    def train(self, samples: Samples, size: int) -> Packed:
        """Pack an epoch; a single left-over sample is left out, as in every engine."""
        return self.pack(samples, size, min(len(samples), size * batch_count(len(samples), size)))

    def pack(self, samples: Samples, size: int, count: int) -> Packed:
        """Pack the first `count` samples."""
        targets = samples.targets
        packed = (
            self._floats("targets", targets, count, size) if targets.ndim > 1 else self._classes(targets, count, size)
        )
        return Packed(self._floats("inputs", samples.inputs, count, size), packed, count, size)

    def _floats(self, name: str, values: Tensor, count: int, size: int) -> NDArray[np.float32]:
        values = values.contiguous()
        features = prod(values.shape[1:])
        floats = self._library.nas_pack(None, count, features, size, None)
        memory = self._memory.get((name, size))
        if memory is None or len(memory) != floats:
            memory = self._memory[name, size] = _aligned(floats)
        self._library.nas_pack(values.data_ptr(), count, features, size, memory.ctypes.data)
        return memory

    def _classes(self, targets: Tensor, count: int, size: int) -> NDArray[np.int32]:
        batches, stride = -(-count // size), -(-size // self._lanes) * self._lanes
        rows = np.zeros((batches, stride), np.int32)
        values, whole = targets[:count].numpy(), count // size
        rows[:whole, :size] = values[: whole * size].reshape(whole, size)
        if whole < batches:
            rows[whole, : count - whole * size] = values[whole * size :]
        return rows.reshape(-1)


def _aligned(floats: int) -> NDArray[np.float32]:
    """Return memory that begins on a cache line."""
    memory = np.empty(floats + 16, np.float32)
    begin = -(memory.ctypes.data // 4) % 16
    return memory[begin : begin + floats]
