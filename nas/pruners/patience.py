"""Patience: lets another pruner stop a trial only once the trial no longer improves."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce

from nas.config import Direction
from nas.pruners._curves import Curve, Watcher, better
from nas.pruners.asha import Asha
from nas.pruners.hyperband import Hyperband
from nas.pruners.median import Median
from nas.pruners.percentile import Percentile
from nas.pruners.threshold import Threshold
from search_spaces.hyperparameters import integer, number, option

WRAPPED = {"asha": Asha, "hyperband": Hyperband, "median": Median, "percentile": Percentile, "threshold": Threshold}


@dataclass(frozen=True, slots=True)
class Patience:
    """Wait `patience` epochs for an improvement, then stop the trial, or leave it to another pruner to do so."""

    patience: int = integer(3, "epochs without improvement that are waited for", low=0)
    min_delta: float = number(0.0, "what a value must be better by to be an improvement", low=0)
    wrapped: str = option("none", "the pruner, with its usual settings, that must agree", ("none", *WRAPPED))

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "Patient":
        """Make the pruner of one study."""
        entry = WRAPPED.get(self.wrapped)
        wrapped = entry().pruner(epochs=epochs, direction=direction, seed=seed) if entry else None
        return Patient(self.patience, self.min_delta, direction == "maximize", wrapped)


@dataclass(slots=True)
class Patient:
    """Optuna's `PatientPruner`, decision by decision."""

    patience: int
    min_delta: float
    maximize: bool
    wrapped: Watcher | None
    _curves: dict[int, Curve] = field(default_factory=dict)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether patience is over and the other pruner, if any, agrees."""
        curve = self._curves.setdefault(number, Curve())
        curve.add(epoch, value)
        if self.wrapped is None:
            return self._over(curve)
        self.wrapped.see(number, epoch, value)
        return self._over(curve) and self.wrapped.weak(number)

    def finish(self, number: int, *, complete: bool) -> None:
        """Forget the trial, and tell the other pruner."""
        self._curves.pop(number, None)
        if self.wrapped is not None:
            self.wrapped.finish(number, complete=complete)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember all that the other pruner may have been asked about."""
        return range(1, epochs + 1) if self.wrapped is not None else ()

    def _over(self, curve: Curve) -> bool:
        recent = self.patience + 1
        if len(curve.values) <= recent:
            return False
        values = [curve.values[epoch] for epoch in sorted(curve.values)]
        before, after = self._best(values[:-recent]), self._best(values[-recent:])
        return before - self.min_delta > after if self.maximize else before + self.min_delta < after

    def _best(self, values: Sequence[float]) -> float:
        return reduce(partial(better, maximize=self.maximize), values, math.nan)
