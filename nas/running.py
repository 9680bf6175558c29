"""Trials under way, and the steps from one state of a trial to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from nas.trials import Point, Trial, TrialState
from workers.messages import Assignment

TOLD = 8
"""Trials under way, at most, of which is told how far they are."""


@dataclass(slots=True)
class Running:
    """A trial that a worker trains: its curve so far, and why it was told to stop."""

    trial: Trial
    job: int
    curve: list[Point]
    stop_reason: str = ""

    @property
    def shown(self) -> Trial:
        """Return the trial with the curve it has drawn so far."""
        return with_curve(self.trial, self.curve)


def reached(running: Mapping[int, Running]) -> list[tuple[int, int]]:
    """Return the first few trials under way, each with how many epochs it has."""
    return [(number, len(item.curve)) for number, item in islice(running.items(), TOLD)]


def with_curve(trial: Trial, curve: Sequence[Point]) -> Trial:
    """Return a trial with this curve, and what it cost."""
    return replace(trial, curve=tuple(curve), epochs=len(curve), seconds=sum(point.seconds for point in curve))


def over(trial: Trial, state: TrialState, reason: str) -> Trial:
    """Return a trial that ends now, with nothing to go on from."""
    return replace(trial, state=state, reason=reason, checkpoint=None, finished_at=datetime.now(UTC))


def assignment(trial: Trial) -> Assignment:
    """Return what a worker is told of a trial: it goes on from its last checkpoint."""
    start = trial.checkpoint.epoch if trial.checkpoint else 0
    return Assignment(trial.number, trial.candidate, trial.attempt, start, trial.checkpoint)


def finish(trial: Trial) -> tuple[datetime, int]:
    """Order trials as they finished; those that have not come last."""
    return trial.finished_at or datetime.max.replace(tzinfo=UTC), trial.number
