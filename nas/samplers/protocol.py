"""Sampler protocol: propose parameters, and learn from trials."""

from collections.abc import Sequence
from typing import Protocol

from nas.trials import Trial
from search_spaces.candidate import Params


class Sampler(Protocol):
    """A function of the study's seed and history: rebuilt by telling it all trials so far, it goes on as before."""

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters for these trial numbers, for fewer where fewer are left.

        Raises:
            SpaceExhausted: nothing is left to try.
        """
        ...

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from trials: asked ones that finished, or, when rebuilding, any in any state.

        A trial told while it is not finished is known as running, and may be told again when it finishes.

        A sampler that must find more again than parameters and results also has `state(number)`: JSON values that are
        stored with the trial and come back as `Trial.sampler_state`.
        """
        ...


class SpaceExhausted(Exception):  # as StopIteration, the end and no error
    """Every point of a finite space has been proposed."""
