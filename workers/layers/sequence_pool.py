"""A sequence made one vector: its last step, or the mean of all."""

from torch import Generator, Tensor, nn

from search_spaces.ops.sequence_pool import SequencePool as Op
from workers.messages import Shape


class LastStep(nn.Module):
    """The last step of a sequence."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Reduce (batch, time, features) to (batch, features)."""
        return inputs[:, -1]


class MeanStep(nn.Module):
    """The mean over the steps of a sequence."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Reduce (batch, time, features) to (batch, features)."""
        return inputs.mean(1)


class SequencePool:
    """A module of ours: torch has none."""

    modules = (LastStep, MeanStep)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return the pooling of a kind."""
        return LastStep() if op.kind == "last" else MeanStep()

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        return "LastStep()" if op.kind == "last" else "MeanStep()"
