"""Fully connected layers, one after another; images and sequences are flattened."""

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
from search_spaces.hyperparameters import integer, number, option
from search_spaces.network import Network
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.linear import Linear
from search_spaces.ops.protocol import Op, Shape


@dataclass(frozen=True, slots=True)
class Mlp:
    """`depth` hidden layers, each linear → norm → activation → dropout, and a linear layer to the outputs."""

    depth: int = integer(2, "hidden layers", low=1, high=16)
    width: int | tuple[int, ...] = integer(64, "features of a hidden layer", low=1, high=65536, each="depth")
    activation: str | tuple[str, ...] = option(
        "relu", "non-linearity after each layer", ACTIVATION_OPTIONS, each="depth"
    )
    norm: str = option("none", "normalisation before each activation", NORM_OPTIONS)
    groups: int = integer(8, "groups of a group norm; the largest divisor not above it", low=1, when=("norm", "group"))
    dropout: float | tuple[float, ...] = number(
        0.0, "share of features zeroed in training", low=0, high=0.95, each="depth"
    )
    init: str = option("he", "initial weights", INIT_OPTIONS)

    def network(self, inputs: Shape, outputs: int) -> Network:
        """Build the network for samples of any shape."""
        ops: list[Op] = [Flatten()] if len(inputs) > 1 else []
        for layer in range(self.depth):
            ops += self._hidden(layer)
        return Network(inputs, outputs, (*ops, Linear(outputs, init=self.init)))

    def _hidden(self, layer: int) -> list[Op]:
        kind = at(self.activation, layer, "activation")
        wide = widened(at(self.width, layer, "width"), kind)
        linear = Linear(wide, bias=self.norm == "none", init=self.init)
        return [linear, *activated(wide, kind, self.norm, self.groups), *dropped(at(self.dropout, layer, "dropout"))]
