"""Quasi-Monte Carlo: a sequence that covers the space more evenly than random draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.samplers.protocol import Sampler
from search_spaces.hyperparameters import flag, option
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Qmc:
    """Cover the dimensions of the first trial; those that it does not have are drawn at random."""

    sequence: str = option("sobol", "the sequence", ("sobol", "halton"))
    scramble: bool = flag(True, "whether the sequence is shuffled by the study's seed")

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> Sampler:
        """Make the sampler of one study."""
        from nas.samplers.optuna import OptunaSampler, qmc  # here, because it costs 0.3 s

        return OptunaSampler(qmc(sequence=self.sequence, scramble=self.scramble), space, objectives, seed)
