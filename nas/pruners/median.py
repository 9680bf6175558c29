"""Median: stops a trial whose best value so far is worse than the median of completed trials at its epoch."""

from dataclasses import dataclass

from nas.config import Direction
from nas.pruners.percentile import Quantile, Rule
from search_spaces.hyperparameters import integer


@dataclass(frozen=True, slots=True)
class Median:
    """Keep the better half."""

    startup_trials: int = integer(5, "completed trials before the first is stopped", low=0)
    warmup_epochs: int = integer(2, "epochs that no trial is stopped before", low=0)
    interval: int = integer(1, "epochs from one comparison to the next", low=1)
    min_trials: int = integer(1, "completed trials that must have reported the same epoch", low=1)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> Quantile:
        """Make the pruner of one study."""
        rule = Rule(50.0, self.startup_trials, self.warmup_epochs, self.interval, self.min_trials)
        return Quantile(rule, direction == "maximize")
