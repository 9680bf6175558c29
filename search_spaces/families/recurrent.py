"""Recurrent layers over a sequence, its last step or mean, and a dense head; images are read row by row."""

from dataclasses import dataclass

from search_spaces.families._parts import (
    ACTIVATION_OPTIONS,
    INIT_OPTIONS,
    NORM_OPTIONS,
    activated,
    at,
    dropped,
    widened,
)
from search_spaces.hyperparameters import flag, integer, number, option
from search_spaces.network import Network
from search_spaces.ops.linear import Linear
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.recurrent import GATES
from search_spaces.ops.recurrent import Recurrent as Layer
from search_spaces.ops.rows import Rows
from search_spaces.ops.sequence_pool import SEQUENCE_POOLS, SequencePool


@dataclass(frozen=True, slots=True)
class Recurrent:
    """`layers` recurrent layers of one cell with dropout after each, one vector of all steps, and a dense head."""

    cell: str = option("gru", "the recurrent cell", tuple(GATES))
    layers: int = integer(1, "recurrent layers", low=1, high=8)
    hidden: int | tuple[int, ...] = integer(32, "units of a layer, in each direction", low=1, high=65536, each="layers")
    bidirectional: bool = flag(False, "read the sequence in both directions")
    pooling: str = option("last", "from sequence to vector", SEQUENCE_POOLS)
    dropout: float | tuple[float, ...] = number(0.0, "share zeroed after a layer", low=0, high=0.95, each="layers")
    norm: str = option("none", "normalisation in the hidden layer before the outputs", NORM_OPTIONS)
    groups: int = integer(8, "groups of a group norm; the largest divisor not above it", low=1, when=("norm", "group"))
    dense: int = integer(0, "features of a hidden layer before the outputs; 0 for none", low=0, high=65536)
    activation: str = option("relu", "non-linearity of that hidden layer", ACTIVATION_OPTIONS)
    init: str = option("glorot", "initial weights", INIT_OPTIONS)

    def network(self, inputs: Shape, outputs: int) -> Network:
        """Build the network for samples of any shape."""
        ops: list[Op] = [] if len(inputs) == 2 else [Rows()]
        for layer in range(self.layers):
            hidden = at(self.hidden, layer, "hidden")
            ops += [
                Layer(self.cell, hidden, self.bidirectional, self.init),
                *dropped(at(self.dropout, layer, "dropout")),
            ]
        return Network(
            inputs, outputs, (*ops, SequencePool(self.pooling), *self._head(), Linear(outputs, init=self.init))
        )

    def _head(self) -> list[Op]:
        """Return the hidden layer, if there is one: linear → norm → activation."""
        if not self.dense:
            return []
        wide = widened(self.dense, self.activation)
        linear = Linear(wide, bias=self.norm == "none", init=self.init)
        return [linear, *activated(wide, self.activation, self.norm, self.groups)]
