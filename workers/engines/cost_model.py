"""Cost model: the expected time of a training step in an engine: a time for each layer, a rate for its arithmetic."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search_spaces.network import Network
from search_spaces.ops import name_of
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.recurrent import Recurrent
from search_spaces.ops.residual import Residual, steps

FIRST, LATER = 2, 3
"""A training step's arithmetic, in forward passes: nobody asks the first layer for the gradient of its input."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds that each layer of a kind takes whatever its size, and operations a second."""

    seconds: float
    flops: float


@dataclass(frozen=True, slots=True)
class Rates:
    """One engine: the seconds of a step and of a layer without arithmetic, and the rates of the others."""

    step: float
    layer: float
    kinds: Mapping[str, Rate]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Rates":
        """Undo `to_json`."""
        kinds = {name: Rate(rate["seconds"], rate["flops"]) for name, rate in document["kinds"].items()}
        return cls(document["step"], document["layer"], kinds)

    def estimate(self, network: Network, batch: int) -> float:
        """Return the seconds of one training step; infinity for a network with a layer of an unknown kind."""
        total, passes = self.step, FIRST
        for op, shape in layers(network.ops, network.inputs):
            flops = passes * batch * op.flops(shape)
            if not flops:
                total += self.layer
                continue
            rate, passes = self.kinds.get(kind_of(op)), LATER
            total += rate.seconds + flops / rate.flops if rate else float("inf")
        return total


def layers(ops: tuple[Op, ...], shape: Shape) -> Iterator[tuple[Op, Shape]]:
    """Walk through all layers, those within others included."""
    for op, at in steps(ops, shape):
        if isinstance(op, Residual):
            yield from layers(op.body, at)
            yield from layers(op.shortcut, at)
        else:
            yield op, at


def kind_of(op: Op) -> str:
    """Name the kind of arithmetic: the op's, or the cell of a recurrent layer."""
    return op.cell if isinstance(op, Recurrent) else name_of(op)
