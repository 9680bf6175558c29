"""Candidate in the native engine: its memory in C++, and its conversion to and from a checkpoint."""

import ctypes
import weakref
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from workers.checkpoints import TrainedState
from workers.engines.native import optimizer_rules, program
from workers.engines.native.bindings import NativeRecipe
from workers.engines.native.program import Slot
from workers.engines.protocol import Member
from workers.errors import CheckpointError
from workers.layers._modules import build
from workers.messages import TaskInfo


class NativeCandidate:
    """Owns one candidate of C++; its weights, states and buffers are views of C++'s memory."""

    def __init__(self, member: Member, info: TaskInfo, library: ctypes.CDLL) -> None:
        """Make it with its initial weights; raise `Unsupported` if C++ has no such layer or optimizer."""
        self.member = member
        self.step = self.epochs = 0
        self.product = 1.0
        self._program = program.lower(member.network, member.candidate.seed)
        self._rule, recipe = optimizer_rules.describe(member.candidate.recipe, info)
        self.handle = self._make(library, recipe)
        self._weights, self._first, self._second, self._buffers = self._regions(library)
        self._load(build(member.network, member.candidate.seed).state_dict())

    def export(self) -> TrainedState:
        """Return a copy of everything that training goes on from."""
        weights = {f"network.{slot.name}": _read(self._weights, slot) for slot in self._program.weights}
        buffers = {f"network.{slot.name}": _read(self._buffers, slot) for slot in self._program.buffers}
        counters = {f"network.{name}": torch.tensor(self.step) for name in self._program.counters}
        tensors = {**weights, **buffers, **counters, **self._export_states()}
        fingerprint = self.member.network.fingerprint
        return TrainedState(tensors, fingerprint, self.epochs, self.step, self.member.batch_size, {})

    def restore(self, state: TrainedState) -> None:
        """Go on from a state; raise `CheckpointError` if it is of another network."""
        if state.fingerprint != self.member.network.fingerprint:
            raise CheckpointError(f"the checkpoint is of another network ({state.fingerprint[:12]})")
        self._load(state.named("network."))
        kept = state.named("optimizer.")
        for slot, name, region in self._states():
            if (value := kept.get(f"{slot.name}.{name}")) is not None:
                _write(region, slot, value)
        product = kept.get(f"{self._program.weights[0].name}.mu_product")
        self.product = 1.0 if product is None else float(product)
        self.step, self.epochs = state.step, state.epoch

    def _make(self, library: ctypes.CDLL, recipe: NativeRecipe) -> int:
        numbers = np.array(self._program.description, np.int64)
        handle: int | None = library.nas_make(numbers.ctypes.data, len(numbers), self._program.inputs, recipe)
        if handle is None:
            raise program.Unsupported("a layer that the engine's shared object does not know")
        weakref.finalize(self, library.nas_free, handle)
        return handle

    def _regions(self, library: ctypes.CDLL) -> tuple[Tensor, ...]:
        """Return views of the weights, of both states and of the buffers."""
        arena, count = library.nas_arena(self.handle), library.nas_parameters(self.handle)
        places = [(part * count, count) for part in range(3)]
        places.append((library.nas_buffers_at(self.handle), library.nas_buffers(self.handle)))
        return tuple(_floats(arena + 4 * at, size) for at, size in places)

    def _load(self, tensors: dict[str, Tensor]) -> None:
        for region, slots in ((self._weights, self._program.weights), (self._buffers, self._program.buffers)):
            for slot in slots:
                _write(region, slot, tensors[slot.name])

    def _states(self) -> Iterator[tuple[Slot, str, Tensor]]:
        """Walk through the optimizer's states: of which tensor, torch's name of it, where it lies."""
        for slot in self._program.weights:
            for name, region in zip(self._rule.states, (self._first, self._second), strict=False):
                yield slot, name, region

    def _export_states(self) -> dict[str, Tensor]:
        if not self.step and not self._rule.from_start:
            return {}
        states = {f"optimizer.{slot.name}.{name}": _read(region, slot) for slot, name, region in self._states()}
        values = {"step": float(self.step), "mu_product": self.product}
        for slot in self._program.weights:
            for name in self._rule.scalars:
                states[f"optimizer.{slot.name}.{name}"] = torch.tensor(values[name])
        return states


def _floats(address: int, count: int) -> Tensor:
    """Return a view of memory that C++ owns."""
    if not count:
        return torch.empty(0)
    return torch.from_numpy(np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (count,)))


def _view(region: Tensor, slot: Slot) -> Tensor:
    return region.as_strided(slot.view, slot.strides, slot.offset)


def _read(region: Tensor, slot: Slot) -> Tensor:
    return _view(region, slot).clone(memory_format=torch.contiguous_format).reshape(slot.shape)


def _write(region: Tensor, slot: Slot, value: Tensor) -> None:
    _view(region, slot).copy_(value.detach().reshape(slot.view))
