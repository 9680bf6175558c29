"""CMA-ES: adapts a normal distribution to the best trials; numbers only, one objective, without conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from nas.config import Objective
from nas.samplers.protocol import Sampler
from search_spaces.dimensions import Choice
from search_spaces.errors import Problem, SpecError
from search_spaces.hyperparameters import integer
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Cmaes:
    """Adapt the numeric dimensions that every trial has; the others are drawn at random.

    Its state is never stored: after a resume it starts from the trials there are, not where it was.
    """

    startup_trials: int = integer(1, "trials drawn at random before the model starts", low=0)
    population: int = integer(0, "completed trials of a generation; 0: 4 + ⌊3 ln dimensions⌋", low=0)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study.

        Raises:
            SpecError: several objectives, no numeric dimension, or no package `cmaes`.
        """
        if find_spec("cmaes") is None:
            raise _refusal("needs the package 'cmaes'", "pip install 'nas-service[cmaes]'")
        if len(objectives) > 1:
            raise _refusal(f"takes one objective, got {len(objectives)}", "try nsga2, nsga3 or tpe")
        if all(isinstance(dimension, Choice) for dimension in space.dimensions.values()):
            raise _refusal(f"the space {space.name!r} has no numeric dimension", "try tpe or evolution")
        from nas.samplers.optuna import OptunaSampler, cmaes  # here, because it costs 0.3 s

        maker = cmaes(startup_trials=self.startup_trials, population=self.population)
        return OptunaSampler(maker, space, objectives, seed)


def _refusal(message: str, hint: str) -> SpecError:
    return SpecError([Problem("sampler.cmaes", message, hint=hint)])
