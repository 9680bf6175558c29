"""Random: every trial drawn anew from the whole space, without looking at any other."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.trials import Trial
from search_spaces.candidate import Params
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Random:
    """Draw every trial anew; it has nothing to set."""

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> "RandomSampler":
        """Make the sampler of one study."""
        return RandomSampler(space, seed)


@dataclass(frozen=True, slots=True)
class RandomSampler:
    """Trial `number` is a function of the study's seed and of `number`, whatever came before."""

    space: SearchSpace
    seed: int

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Draw parameters for these trial numbers."""
        return [self.space.sample(stream(self.seed, number)) for number in numbers]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn nothing."""


def stream(seed: int, number: int, purpose: str = "sampler") -> random.Random:
    """Return the stream of random numbers that belongs to one trial of one study."""
    return random.Random(f"{purpose}:{seed}:{number}")
