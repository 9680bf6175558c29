"""Layer protocol, for the op of the same file name: become a torch module, and become source."""

from typing import Protocol

from torch import Generator, nn

from search_spaces.ops.protocol import Op
from workers.layers import LAYERS
from workers.messages import Shape


class Layer(Protocol):
    """Two static functions; `modules` are the module classes of ours that the source names, in plain torch."""

    modules: tuple[type[nn.Module], ...]

    def build(self, op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the initialised module of an op that sees samples of this shape."""
        ...

    def source(self, op: Op, shape: Shape) -> str:
        """Return the expression of the same module; it may use `torch`, `nn` and the classes in `modules`."""
        ...


def layer_of(op: Op) -> Layer:
    """Return the layer of an op, found by the name of the op's file."""
    layer: Layer = LAYERS.load(type(op).__module__.rpartition(".")[2])
    return layer
