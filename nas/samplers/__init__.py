"""Samplers: one file a way to propose candidates."""

from collections.abc import Sequence
from typing import Protocol, cast

from nas.config import Objective
from nas.samplers.protocol import Sampler, SpaceExhausted
from search_spaces.candidate import Named
from search_spaces.hyperparameters import make as filled
from search_spaces.registry import Menu
from search_spaces.space import SearchSpace

__all__ = ["SAMPLERS", "Sampler", "SpaceExhausted", "make"]

SAMPLERS = Menu("nas.samplers", "sampler")


class Entry(Protocol):
    """Protocol of a class on this menu, filled with its hyper-parameters."""

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study."""
        ...


def make(named: Named, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
    """Make a sampler that knows no trial yet; `tell` it the history to go on from there.

    Raises:
        UnknownName: no such sampler, or no such hyper-parameter.
        SpecError: a hyper-parameter with a value that is not allowed, a sampler that cannot search this space, or one
            that needs a package which is not installed.
    """
    entry = cast(Entry, filled(SAMPLERS, named))
    return entry.sampler(space=space, objectives=objectives, seed=seed)
