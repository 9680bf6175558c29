"""Wilcoxon: stops a trial whose curve is below the best trial's, as a signed-rank test sees it; by Optuna, slow."""

from dataclasses import dataclass

from nas.config import Direction
from nas.pruners.protocol import Pruner
from search_spaces.hyperparameters import integer, number


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """Compare epoch by epoch with the completed trial whose last value is the best."""

    p_threshold: float = number(0.1, "the p-value below which a trial is stopped", low=0, high=1)
    warmup_epochs: int = integer(2, "epochs that no trial is stopped before", low=0)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> Pruner:
        """Make the pruner of one study."""
        from nas.pruners._optuna import OptunaPruner, wilcoxon  # here, because it costs 0.3 s

        return OptunaPruner(wilcoxon(p_threshold=self.p_threshold, warmup_epochs=self.warmup_epochs), direction)
