"""Pruners: one file a rule that stops weak trials."""

from typing import Protocol, cast

from nas.config import Direction, Pruning
from nas.pruners.protocol import Pruner
from search_spaces.hyperparameters import make as filled
from search_spaces.registry import Menu

__all__ = ["PRUNERS", "Pruner", "make"]

PRUNERS = Menu("nas.pruners", "pruner")


class Entry(Protocol):
    """Protocol of a class on this menu, filled with its hyper-parameters."""

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> Pruner:
        """Make the pruner of one study whose trials train for `epochs` epochs."""
        ...


def make(pruning: Pruning, *, epochs: int, seed: int) -> Pruner:
    """Make a pruner that has seen no trial yet; report the curves of the history to go on from there.

    Raises:
        UnknownName: no such pruner, or no such hyper-parameter.
        SpecError: a hyper-parameter with a value that is not allowed.
    """
    entry = cast(Entry, filled(PRUNERS, pruning.pruner))
    return entry.pruner(epochs=epochs, direction=pruning.direction, seed=seed)
