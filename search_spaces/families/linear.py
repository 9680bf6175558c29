"""One linear layer: logistic or linear regression; images and sequences are flattened."""

from dataclasses import dataclass

from search_spaces.families._parts import INIT_OPTIONS
from search_spaces.hyperparameters import option
from search_spaces.network import Network
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.linear import Linear as Layer
from search_spaces.ops.protocol import Op, Shape


@dataclass(frozen=True, slots=True)
class Linear:
    """Every output a weighted sum of all inputs."""

    init: str = option("glorot", "initial weights", INIT_OPTIONS)

    def network(self, inputs: Shape, outputs: int) -> Network:
        """Build the network for samples of any shape."""
        flat: list[Op] = [Flatten()] if len(inputs) > 1 else []
        return Network(inputs, outputs, (*flat, Layer(outputs, init=self.init)))
