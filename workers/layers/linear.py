"""A fully connected layer on the last dimension."""

from torch import Generator, nn

from search_spaces.ops.linear import Linear as Op
from workers.layers._initialisers import initialise
from workers.messages import Shape


class Undrawn(nn.Linear):
    """Leaves its weights to whoever makes it: torch would draw some that nobody uses."""

    def reset_parameters(self) -> None:
        """Draw nothing."""


class Linear:
    """torch's Linear; a bias begins at zero."""

    modules = ()

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return an initialised nn.Linear."""
        made = Undrawn(shape[-1], op.features, bias=op.bias)
        initialise(made.weight, op.init, generator)
        if made.bias is not None:
            nn.init.zeros_(made.bias)
        return made

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return the expression of the same nn.Linear."""
        return f"nn.Linear({shape[-1]}, {op.features}{'' if op.bias else ', bias=False'})"
