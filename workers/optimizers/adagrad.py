"""Adagrad: each weight's step shrinks with the gradients it has seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.hyperparameters import number

if TYPE_CHECKING:
    from torch import Tensor, optim


@dataclass(frozen=True, slots=True)
class Adagrad:
    """Duchi et al. 2011."""

    lr: float = number(0.01, "learning rate", above=0)
    lr_decay: float = number(0.0, "how fast the learning rate falls with the steps", low=0)
    eps: float = number(1e-10, "added to the denominator", above=0)

    def build(self, parameters: "Sequence[Tensor]", *, weight_decay: float) -> "optim.Optimizer":
        """Return torch's Adagrad, fused on a CPU."""
        from torch import optim

        return optim.Adagrad(
            parameters,
            lr=self.lr,
            lr_decay=self.lr_decay,
            eps=self.eps,
            weight_decay=weight_decay,
            fused=parameters[0].device.type == "cpu" or None,
        )
