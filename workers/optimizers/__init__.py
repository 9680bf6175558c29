"""Optimizers: one file an optimizer, its hyper-parameters and its torch form."""

from search_spaces.candidate import Named
from search_spaces.hyperparameters import make as filled
from search_spaces.registry import Menu
from workers.optimizers.protocol import Optimizer

OPTIMIZERS = Menu("workers.optimizers", "optimizer")


def make(named: Named) -> Optimizer:
    """Make the optimizer of a recipe; raise `UnknownName` if it is not on the menu, `SpecError` for a wrong setting."""
    made: Optimizer = filled(OPTIMIZERS, named)
    return made
