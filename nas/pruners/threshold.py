"""Threshold: stops a trial whose value leaves a range, or is not a number."""

import math
import sys
from collections.abc import Collection
from dataclasses import dataclass, field

from nas.config import Direction
from nas.pruners._curves import Curve, due
from search_spaces.hyperparameters import integer, number


@dataclass(frozen=True, slots=True)
class Threshold:
    """Stop below `lower` and above `upper`, whatever other trials do."""

    lower: float = number(-sys.float_info.max, "the lowest value that may go on")
    upper: float = number(sys.float_info.max, "the highest value that may go on")
    warmup_epochs: int = integer(0, "epochs that no trial is stopped before", low=0)
    interval: int = integer(1, "epochs from one look to the next", low=1)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "Bounds":
        """Make the pruner of one study."""
        return Bounds(self.lower, self.upper, self.warmup_epochs, self.interval)


@dataclass(slots=True)
class Bounds:
    """Optuna's `ThresholdPruner`, decision by decision."""

    lower: float
    upper: float
    warmup: int
    interval: int
    _curves: dict[int, Curve] = field(default_factory=dict)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether it is out of bounds."""
        self.see(number, epoch, value)
        return self.weak(number)

    def see(self, number: int, epoch: int, value: float) -> None:
        """Take a value without a decision."""
        self._curves.setdefault(number, Curve()).add(epoch, value)

    def weak(self, number: int) -> bool:
        """Return whether a trial's last value is out of bounds."""
        curve = self._curves[number]
        if not due(curve, self.warmup, self.interval):
            return False
        last = curve.values[curve.last]
        return math.isnan(last) or not self.lower <= last <= self.upper

    def finish(self, number: int, *, complete: bool) -> None:
        """Forget the trial."""
        self._curves.pop(number, None)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember nothing of a finished trial."""
        return ()
