"""NSGA-II: generations by crossover and mutation, for several objectives; crowding distance keeps the front wide."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.samplers.protocol import Sampler
from search_spaces.hyperparameters import integer, number
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Nsga2:
    """Cross the dimensions that every trial has; the others are drawn at random, and stopped trials ignored."""

    population: int = integer(20, "completed trials of a generation", low=2)
    crossover: float = number(0.9, "probability that a child has two parents", low=0, high=1)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study."""
        from nas.samplers.optuna import OptunaSampler, nsga2  # here, because it costs 0.3 s

        return OptunaSampler(nsga2(population=self.population, crossover=self.crossover), space, objectives, seed)
