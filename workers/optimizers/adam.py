"""Adam: momentum, and steps divided by a running mean of the gradient's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Adam:
    """Kingma and Ba 2015; weight decay is added to the gradient."""

    lr: float = number(0.001, "learning rate", above=0)
    beta1: float = number(0.9, "share of the running mean of gradients that is kept", low=0, high=0.99999)
    beta2: float = number(0.999, "share of the running mean of squared gradients that is kept", low=0, high=0.99999)
    eps: float = number(1e-8, "added to the denominator", above=0)

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's fused Adam."""
        from torch import optim

        return optim.Adam(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=weight_decay,
            fused=True,
        )
