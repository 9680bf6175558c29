"""Asynchronous successive halving: at each rung, only trials among the best third so far go on."""

import math
from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count, takewhile

from nas.config import Direction
from search_spaces.hyperparameters import integer


@dataclass(frozen=True, slots=True)
class Asha:
    """Compare trials after `first_rung`, 3 × `first_rung`, 9 × `first_rung` … epochs, as they arrive."""

    first_rung: int = integer(0, "epochs to the first comparison; 0: a sixth of all epochs, and at least 2", low=0)
    reduction_factor: int = integer(3, "one of so many goes on, and the next rung is so many times as far", low=2)
    min_early_stopping_rate: int = integer(0, "rungs that are left out at the beginning", low=0)
    bootstrap_count: int = integer(0, "trials that are stopped at a rung before the first may pass", low=0)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "Halving":
        """Make the pruner of one study."""
        first = (self.first_rung or usual_first_rung(epochs)) * self.reduction_factor**self.min_early_stopping_rate
        return Halving(first, self.reduction_factor, self.bootstrap_count, direction == "maximize")


def usual_first_rung(epochs: int) -> int:
    """Return a sixth of the epochs and at least 2: earlier, ranks say little, and who learns slowly dies of them."""
    return max(2, round(epochs / 6))


@dataclass(slots=True)
class Halving:
    """Optuna's `SuccessiveHalvingPruner`, decision by decision, on one sorted list per rung.

    A value is compared with all that reached the rung before it, whatever became of them. NaN never passes.
    """

    first: int
    factor: int
    bootstrap: int
    maximize: bool
    _losses: list[list[float]] = field(default_factory=list)
    """For each rung, the sorted values that reached it, turned so that less is better."""
    _rungs: dict[int, int] = field(default_factory=dict)
    """The next rung of each trial."""
    _last: dict[int, tuple[int, float]] = field(default_factory=dict)
    """The last epoch of each trial, and its value."""

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether the trial fails a rung with it."""
        self.see(number, epoch, value)
        return self.weak(number)

    def see(self, number: int, epoch: int, value: float) -> None:
        """Take a value without a decision."""
        if epoch > self._last.get(number, (-1, 0.0))[0]:
            self._last[number] = epoch, value

    def weak(self, number: int) -> bool:
        """Enter the last value at every rung it has reached, and tell whether it fails one."""
        epoch, value = self._last[number]
        rung = self._rungs.get(number, 0)
        while epoch >= self.first * self.factor**rung:
            if math.isnan(value):
                return True
            self._rungs[number] = rung + 1
            if not self._passes(rung, -value if self.maximize else value):
                return True
            rung += 1
        return False

    def finish(self, number: int, *, complete: bool) -> None:
        """Forget the trial; what it entered at its rungs stays."""
        self._rungs.pop(number, None)
        self._last.pop(number, None)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember what a trial entered at its rungs."""
        return list(takewhile(lambda rung: rung <= epochs, (self.first * self.factor**rung for rung in count())))

    def _passes(self, rung: int, loss: float) -> bool:
        if rung == len(self._losses):
            self._losses.append([])
        losses = self._losses[rung]
        insort(losses, loss)
        if len(losses) <= self.bootstrap:
            return False
        return loss <= losses[max(len(losses) // self.factor - 1, 0)]
