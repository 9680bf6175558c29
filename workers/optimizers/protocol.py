"""Optimizer protocol: hold hyper-parameters, and become torch's optimizer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor, optim


class Optimizer(Protocol):
    """A frozen dataclass of hyper-parameters; all its arithmetic is element by element."""

    @property
    def lr(self) -> float:
        """Return the learning rate that a schedule multiplies."""
        ...

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's optimizer over these parameters, in its fastest form on their device."""
        ...
