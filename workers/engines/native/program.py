"""Program: a network as a flat description for C++, with the place of each of torch's tensors."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

from search_spaces.errors import NasError, UnknownName
from search_spaces.network import Network
from search_spaces.ops import name_of
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.residual import steps
from workers.engines.native.lowering import LOWERINGS
from workers.layers._modules import DROPOUT
from workers.seeds import mix

PAD = 16
"""Floats that rows of weights are padded to."""


class Unsupported(NasError):
    """The native engine has no such layer; the network is another engine's."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Place of one tensor: its torch name and shape, and a strided view of the packed floats that holds it.

    `view` is the shape of the view, which torch's shape reshapes to; `strides` are in floats.
    """

    name: str
    shape: Shape
    offset: int
    view: Shape
    strides: Shape


@dataclass(frozen=True, slots=True)
class Program:
    """Description from which C++ makes a candidate, and the places of its trained tensors and other buffers."""

    description: tuple[int, ...]
    inputs: int
    weights: tuple[Slot, ...]
    buffers: tuple[Slot, ...]
    counters: tuple[str, ...]
    """Names of torch's counters of training steps."""


class Lowering(Protocol):
    """Protocol of the files in `lowering/`: one static function."""

    def lower(self, op: Op, shape: Shape, name: str, writer: "Writer") -> None:
        """Write down an op for samples of this shape; its tensors' names begin with `name`.

        Raises:
            Unsupported: C++ has no such layer.
        """
        ...


class Writer:
    """Writer of a program; weights and buffers are laid down in the order of the ops."""

    def __init__(self, seed: int) -> None:
        self._seed, self._dropouts = seed, 0
        self.numbers: list[int] = []
        self.weights: list[Slot] = []
        self.buffers: list[Slot] = []
        self.counters: list[str] = []
        self._used = {"weights": 0, "buffers": 0}

    def layer(self, op: str, *numbers: int | float) -> None:
        """Add one layer: its op and what C++'s make_<op> reads; a float is written as its bits."""
        written = [_bits(number) if isinstance(number, float) else int(number) for number in numbers]
        self.numbers += [code(op), len(written), *written]

    def reserve(self, floats: int) -> int:
        """Lay down weights, padded; return their offset."""
        return self._reserve("weights", floats)

    def weight(self, name: str, shape: Shape, offset: int, strides: Shape, view: Shape | None = None) -> None:
        """Describe where in the weights a trained tensor lies."""
        self.weights.append(Slot(name, shape, offset, view or shape, strides))

    def buffer(self, name: str, size: int) -> None:
        """Lay down a vector that is kept and not trained."""
        self.buffers.append(Slot(name, (size,), self._reserve("buffers", size), (size,), (1,)))

    def dropout_key(self) -> int:
        """Return the key of the next dropout's stream."""
        self._dropouts += 1
        return mix(self._seed, DROPOUT, self._dropouts - 1)

    def chain(self, ops: Sequence[Op], shape: Shape, prefix: str) -> list[int]:
        """Return the description of ops that follow each other."""
        before, self.numbers = self.numbers, []
        for index, (op, at) in enumerate(steps(tuple(ops), shape)):
            _lowering(op).lower(op, at, f"{prefix}{index}.", self)
        inner, self.numbers = self.numbers, before
        return inner

    def _reserve(self, region: str, floats: int) -> int:
        begin = self._used[region]
        self._used[region] += padded(floats)
        return begin


def lower(network: Network, seed: int) -> Program:
    """Describe a candidate's network to C++; raise `Unsupported` where an op is not known there."""
    writer = Writer(seed)
    description = writer.chain(network.ops, network.inputs, "")
    if not description or not writer.weights:
        raise Unsupported("a network without weights")
    return Program(
        tuple(description),
        prod(network.inputs),
        tuple(writer.weights),
        tuple(writer.buffers),
        tuple(writer.counters),
    )


def padded(floats: int) -> int:
    """Round up to what rows of weights are padded to."""
    return -(-floats // PAD) * PAD


def code(name: str) -> int:
    """Return the first eight letters of a name as the number that C++ knows it by."""
    return int.from_bytes(name.encode()[:8], "little", signed=True)


def _lowering(op: Op) -> Lowering:
    try:
        found: Lowering = LOWERINGS.load(name_of(op))
    except UnknownName as error:
        raise Unsupported(name_of(op)) from error
    return found


def _bits(number: float) -> int:
    bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
    return bits
