"""Tree-structured Parzen estimator: draws near good trials and away from bad ones; at home in conditional spaces."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.samplers.protocol import Sampler
from search_spaces.hyperparameters import integer
from search_spaces.space import SearchSpace

RECENT = 500
"""With one objective the model is shown so many last trials, and the best of all: what bounds a proposal's price."""


@dataclass(frozen=True, slots=True)
class Tpe:
    """Model dimensions that are active together jointly, and count running trials as bad ones."""

    startup_trials: int = integer(10, "trials drawn at random before the model starts", low=0)
    candidates: int = integer(24, "draws from the density of good trials, of which the best is proposed", low=1)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study: our own for one objective, Optuna's for several."""
        if len(objectives) > 1:
            from nas.samplers.optuna import OptunaSampler, tpe  # here, because it costs 0.3 s

            maker = tpe(startup_trials=self.startup_trials, candidates=self.candidates)
            return OptunaSampler(maker, space, objectives, seed)
        from nas.samplers.parzen import ParzenSampler  # here, because SciPy costs 0.1 s

        return ParzenSampler(
            space,
            objectives[0],
            seed,
            startup_trials=self.startup_trials,
            candidates=self.candidates,
            recent=RECENT,
        )
