"""Adadelta: steps scaled by running means of gradients and of earlier steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Adadelta:
    """Zeiler 2012."""

    lr: float = number(1.0, "learning rate", above=0)
    rho: float = number(0.9, "share of the running means that is kept", low=0, high=1)
    eps: float = number(1e-6, "added to both means", above=0)

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's Adadelta; it has no fused form."""
        from torch import optim

        return optim.Adadelta(parameters, lr=self.lr, rho=self.rho, eps=self.eps, weight_decay=weight_decay)
