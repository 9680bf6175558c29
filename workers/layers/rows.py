"""An image read as a sequence of its rows, a vector as a sequence of its numbers."""

from torch import Generator, Tensor, nn

from search_spaces.ops.rows import Rows as Op
from workers.messages import Shape


class ImageRows(nn.Module):
    """The rows of an image, all channels of a row together."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to (batch, height, channels × width)."""
        return inputs.transpose(1, 2).flatten(2)


class VectorRows(nn.Module):
    """The numbers of a vector, one a step."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (batch, features) to (batch, features, 1)."""
        return inputs.unsqueeze(-1)


class Rows:
    """A module of ours: torch has none."""

    modules = (ImageRows, VectorRows)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the reading for samples of this rank; a sequence stays as it is."""
        return {1: VectorRows, 2: nn.Identity, 3: ImageRows}[len(shape)]()

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return {1: "VectorRows()", 2: "nn.Identity()", 3: "ImageRows()"}[len(shape)]
