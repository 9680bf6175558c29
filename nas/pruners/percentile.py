"""Percentile: stops a trial whose best value so far is outside the best percentile of completed trials at its epoch."""

import math
from bisect import insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from nas.config import Direction
from nas.pruners._curves import Curve, better, due
from search_spaces.hyperparameters import integer, number


@dataclass(frozen=True, slots=True)
class Percentile:
    """Keep the best `percentile` percent."""

    percentile: float = number(25.0, "percent of the completed trials that a trial must be among", low=0, high=100)
    startup_trials: int = integer(5, "completed trials before the first is stopped", low=0)
    warmup_epochs: int = integer(2, "epochs that no trial is stopped before", low=0)
    interval: int = integer(1, "epochs from one comparison to the next", low=1)
    min_trials: int = integer(1, "completed trials that must have reported the same epoch", low=1)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "Quantile":
        """Make the pruner of one study."""
        rule = Rule(self.percentile, self.startup_trials, self.warmup_epochs, self.interval, self.min_trials)
        return Quantile(rule, direction == "maximize")


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule of comparison: when a trial is compared, and with what."""

    percentile: float
    startup_trials: int
    warmup_epochs: int
    interval: int
    min_trials: int


@dataclass(slots=True)
class Quantile:
    """Optuna's `PercentilePruner`, decision by decision, on one sorted list of completed trials' values per epoch."""

    rule: Rule
    maximize: bool
    _completed: int = 0
    _epochs: dict[int, "_Column"] = field(default_factory=dict)
    _curves: dict[int, Curve] = field(default_factory=dict)
    _best: dict[int, float] = field(default_factory=dict)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether the trial is too weak."""
        self.see(number, epoch, value)
        return self.weak(number)

    def see(self, number: int, epoch: int, value: float) -> None:
        """Take a value without a decision."""
        if self._curves.setdefault(number, Curve()).add(epoch, value):
            self._best[number] = better(self._best.get(number, math.nan), value, maximize=self.maximize)

    def weak(self, number: int) -> bool:
        """Return whether a trial is too weak after its last epoch."""
        curve = self._curves[number]
        if self._completed < max(self.rule.startup_trials, 1):
            return False
        if not due(curve, self.rule.warmup_epochs, self.rule.interval):
            return False
        best = self._best[number]
        if math.isnan(best):
            return True
        bound = self._bound(curve.last)
        return best < bound if self.maximize else best > bound

    def finish(self, number: int, *, complete: bool) -> None:
        """Count the values of a completed trial; forget any other."""
        curve = self._curves.pop(number, Curve())
        self._best.pop(number, None)
        if not complete:
            return
        self._completed += 1
        for epoch, value in curve.values.items():
            self._epochs.setdefault(epoch, _Column()).add(value)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember every value of a completed trial."""
        return range(1, epochs + 1) if complete else ()

    def _bound(self, epoch: int) -> float:
        column = self._epochs.get(epoch)
        if column is None or column.count < self.rule.min_trials or not column.values:
            return math.nan
        percentile = self.rule.percentile
        return quantile(column.values, 100 - percentile if self.maximize else percentile)


@dataclass(slots=True)
class _Column:
    """The values of completed trials at one epoch, sorted; NaN is only counted."""

    values: list[float] = field(default_factory=list)
    count: int = 0

    def add(self, value: float) -> None:
        self.count += 1
        if not math.isnan(value):
            insort(self.values, value)


def quantile(values: Sequence[float], percentile: float) -> float:
    """Return the percentile of sorted values as numpy's does, to the last bit."""
    at = (len(values) - 1) * (percentile / 100)
    low = math.floor(at)
    below, above = values[low], values[min(low + 1, len(values) - 1)]
    share, gap = at - low, above - below
    return above - gap * (1 - share) if share >= 0.5 else below + gap * share
