"""Adam with Nesterov's look-ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Nadam:
    """Dozat 2016."""

    lr: float = number(0.002, "learning rate", above=0)
    beta1: float = number(0.9, "share of the running mean of gradients that is kept", low=0, high=0.99999)
    beta2: float = number(0.999, "share of the running mean of squared gradients that is kept", low=0, high=0.99999)
    eps: float = number(1e-8, "added to the denominator", above=0)
    momentum_decay: float = number(0.004, "how fast the momentum warms up", low=0)

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's NAdam; it has no fused form."""
        from torch import optim

        return optim.NAdam(
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=weight_decay,
            momentum_decay=self.momentum_decay,
        )
