"""RMSprop: steps divided by a running mean of the gradient's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Rmsprop:
    """Hinton 2012."""

    lr: float = number(0.01, "learning rate", above=0)
    alpha: float = number(0.99, "share of the running mean of squared gradients that is kept", low=0, high=1)
    momentum: float = number(0.0, "share of the last step that is repeated", low=0, high=1)
    eps: float = number(1e-8, "added to the denominator", above=0)

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's RMSprop; it has no fused form."""
        from torch import optim

        return optim.RMSprop(
            parameters,
            lr=self.lr,
            alpha=self.alpha,
            momentum=self.momentum,
            eps=self.eps,
            weight_decay=weight_decay,
        )
