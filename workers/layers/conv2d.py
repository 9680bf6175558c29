"""A convolution over images, padded so that a stride of 1 keeps their size."""

from torch import Generator, nn

from search_spaces.ops.conv2d import Conv2d as Op
from workers.layers._initialisers import initialise
from workers.messages import Shape


class Conv2d:
    """torch's Conv2d; a bias begins at zero."""

    modules = ()

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return an initialised nn.Conv2d."""
        padding = op.kernel // 2
        made = nn.Conv2d(shape[0], op.channels, op.kernel, op.stride, padding, bias=op.bias)
        initialise(made.weight, op.init, generator)
        if made.bias is not None:
            nn.init.zeros_(made.bias)
        return made

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return the expression of the same nn.Conv2d."""
        stride = f", stride={op.stride}" if op.stride != 1 else ""
        bias = "" if op.bias else ", bias=False"
        return f"nn.Conv2d({shape[0]}, {op.channels}, {op.kernel}{stride}, padding={op.kernel // 2}{bias})"
