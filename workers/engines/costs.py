"""What a training step costs in each engine: a time for each layer and a rate for its arithmetic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from search_spaces.network import Network
from search_spaces.ops import name_of
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.recurrent import Recurrent
from search_spaces.ops.residual import Residual, steps

BACKWARD = 3
"""A training step is three times the arithmetic of a forward pass."""


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

    def estimate(self, network: Network, batch: int) -> float:
        """Return the seconds of one training step; infinity for a network with a layer of an unknown kind."""
        total = self.step
        for op, shape in layers(network.ops, network.inputs):
            flops = BACKWARD * batch * op.flops(shape)
            if not flops:
                total += self.layer
            elif rate := self.kinds.get(kind_of(op)):
                total += rate.seconds + flops / rate.flops
            else:
                return float("inf")
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
