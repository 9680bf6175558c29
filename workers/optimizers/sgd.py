"""Stochastic gradient descent, with momentum and Nesterov's look-ahead if wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import flag, number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Sgd:
    """Steps along the gradient; without momentum `nesterov` means nothing."""

    lr: float = number(0.01, "learning rate", above=0)
    momentum: float = number(0.0, "share of the last step that is repeated", low=0, high=1)
    nesterov: bool = flag(False, "look ahead along the momentum")

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's fused SGD."""
        from torch import optim

        return optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
            weight_decay=weight_decay,
            fused=True,
        )
