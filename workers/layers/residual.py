"""A body whose input is added to its output."""

from torch import Generator, Tensor, nn

from search_spaces.ops.protocol import Op as AnyOp
from search_spaces.ops.residual import Residual as Op
from workers.layers.protocol import layer_of
from workers.messages import Shape


class Skip(nn.Module):
    """body(x) + shortcut(x)."""

    def __init__(self, body: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, inputs: Tensor) -> Tensor:
        """Map samples to samples of the body's output shape."""
        outputs: Tensor = self.body(inputs) + self.shortcut(inputs)
        return outputs


class Residual:
    """An empty shortcut is the identity."""

    modules = (Skip,)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return both branches, initialised in order."""
        return Skip(sequence(op.body, shape, generator), sequence(op.shortcut, shape, generator))

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return the expression of both branches."""
        return f"Skip({_sequence_source(op.body, shape)}, {_sequence_source(op.shortcut, shape)})"


def sequence(ops: tuple[AnyOp, ...], shape: Shape, generator: Generator) -> nn.Sequential:
    """Return the modules of ops that follow each other."""
    made = nn.Sequential()
    for op in ops:
        made.append(layer_of(op).build(op, shape, generator))
        shape = op.output(shape)
    return made


def _sequence_source(ops: tuple[AnyOp, ...], shape: Shape) -> str:
    sources = []
    for op in ops:
        sources.append(layer_of(op).source(op, shape))
        shape = op.output(shape)
    return f"nn.Sequential({', '.join(sources)})"
