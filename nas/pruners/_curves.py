"""Learning curves for pruners: what a trial has reported so far, and when to look at it."""

import math
from dataclasses import dataclass, field
from typing import Protocol


class Watcher(Protocol):
    """A pruner that can be shown a value without being asked: what `patience` wraps. `report` is `see`, then `weak`."""

    def see(self, number: int, epoch: int, value: float) -> None:
        """Take a value without a decision."""
        ...

    def weak(self, number: int) -> bool:
        """Decide whether to stop a trial after its last epoch."""
        ...

    def finish(self, number: int, *, complete: bool) -> None:
        """Handle the end of a trial."""
        ...


@dataclass(slots=True)
class Curve:
    """The values of one trial by epoch; a second value for an epoch is ignored, as Optuna does."""

    values: dict[int, float] = field(default_factory=dict)
    last: int = -1
    previous: int = -1
    """The epoch reported before the last, -1 for none."""

    def add(self, epoch: int, value: float) -> bool:
        """Take the value of an epoch; return whether it is new."""
        if epoch in self.values:
            return False
        self.values[epoch] = value
        self.previous, self.last = sorted((self.previous, self.last, epoch))[1:]
        return True


def due(curve: Curve, warmup: int, interval: int) -> bool:
    """Return whether the last epoch is the first reported in its interval, counted from the end of the warm-up."""
    if curve.last < warmup:
        return False
    return curve.previous < (curve.last - warmup) // interval * interval + warmup


def better(first: float, second: float, *, maximize: bool) -> float:
    """Return the better of two values; NaN is worse than any."""
    if math.isnan(first) or math.isnan(second):
        return second if math.isnan(first) else first
    return max(first, second) if maximize else min(first, second)
