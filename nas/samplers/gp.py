"""Gaussian process: the best per trial in small spaces without conditions; seconds a proposal from 1000 trials on."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.samplers.protocol import Sampler
from search_spaces.hyperparameters import integer
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Gp:
    """Model the dimensions that every trial has; the others are drawn at random."""

    startup_trials: int = integer(10, "trials drawn at random before the model starts", low=1)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study."""
        from nas.samplers.optuna import OptunaSampler, gp  # here, because it costs 0.3 s

        return OptunaSampler(gp(startup_trials=self.startup_trials), space, objectives, seed)
