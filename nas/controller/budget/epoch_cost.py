"""Cost model: the seconds of an epoch of a candidate, from those of candidates of about its size."""

import math
import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from nas.trials import Trial

NEIGHBOURS = 3
KEPT = 256
"""The newest measurements are kept: what a machine does besides may change."""


@dataclass(slots=True)
class EpochCost:
    """Predicts by the nearest measurements in FLOPs and batch size; small networks pay by the step, large by FLOPs."""

    _measured: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    """log₂ FLOPs of a sample, log₂ batch size, seconds of an epoch."""

    def observe(self, trial: Trial, seconds: float) -> None:
        """Record the seconds of one epoch of a candidate."""
        self._measured.append((*_size(trial), seconds))

    def predict(self, trial: Trial) -> float | None:
        """Return the seconds of one epoch of a candidate; None while nothing was measured.

        Beyond the largest network that was measured, seconds grow with the FLOPs.
        """
        if not self._measured:
            return None
        flops, batch = _size(trial)
        nearest = sorted(self._measured, key=lambda other: abs(other[0] - flops) + abs(other[1] - batch) / 2)
        return statistics.median(seconds * _larger(flops - other) for other, _, seconds in nearest[:NEIGHBOURS])

    def mean(self, trials: Iterable[Trial]) -> float | None:
        """Return the mean seconds of an epoch of these candidates; None while nothing was measured, or without any."""
        predicted = [seconds for trial in trials if (seconds := self.predict(trial)) is not None]
        return statistics.fmean(predicted) if predicted else None


def _size(trial: Trial) -> tuple[float, float]:
    return math.log2(max(trial.flops, 1)), math.log2(trial.candidate.recipe.batch_size)


def _larger(doublings: float) -> float:
    """Return the factor for a network of so many doublings of the FLOPs; a smaller one is never thought cheaper."""
    return math.exp2(max(doublings, 0.0))
