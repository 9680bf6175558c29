"""Running trials: which job trains which trial, and the assignment that a worker is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from nas.trials import Point, Trial, TrialState, with_curve
from workers.messages import Assignment, EpochMetrics, Outcome, Saved

REPORTED = 8
"""Trials under way, at most, whose progress is reported."""


@dataclass(slots=True)
class Running:
    """A trial that a worker trains: its curve so far, and why it is being stopped."""

    trial: Trial
    job: int
    curve: list[Point]
    stop_reason: str = ""

    @property
    def shown(self) -> Trial:
        """Return the trial with the curve it has drawn so far."""
        return with_curve(self.trial, self.curve)


@dataclass(slots=True)
class RunningTrials:
    """All trials that workers train now, by number, and how many of each job are left."""

    _trials: dict[int, Running] = field(default_factory=dict)
    _jobs: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._trials)

    @property
    def jobs(self) -> int:
        """Number of jobs under way."""
        return len(self._jobs)

    @property
    def all(self) -> list[Running]:
        """Every trial under way."""
        return list(self._trials.values())

    @property
    def unstopped(self) -> list[Running]:
        """Every trial under way that is not being stopped."""
        return [running for running in self._trials.values() if not running.stop_reason]

    def begin(self, job: int, trials: Sequence[Trial]) -> None:
        """Add the trials of a job."""
        self._trials |= {trial.number: Running(trial, job, list(trial.curve)) for trial in trials}
        self._jobs[job] = len(trials)

    def find(self, event: EpochMetrics | Saved | Outcome) -> Running | None:
        """Find the trial an event belongs to; an event of an earlier attempt belongs to none."""
        running = self._trials.get(event.number)
        return running if running is not None and running.trial.attempt == event.attempt else None

    def lose(self, job: int) -> list[Running]:
        """Return the trials of a job that was lost, which is forgotten."""
        self._jobs.pop(job, None)
        return [running for running in self._trials.values() if running.job == job]

    def release(self, running: Running) -> None:
        """Forget a trial that no worker trains any more, and its job with its last trial."""
        del self._trials[running.trial.number]
        if running.job in self._jobs:
            self._jobs[running.job] -= 1
            if not self._jobs[running.job]:
                del self._jobs[running.job]

    @property
    def reached(self) -> list[tuple[int, int]]:
        """The first few trials under way, each with how many epochs it has."""
        return [(number, len(item.curve)) for number, item in islice(self._trials.items(), REPORTED)]

    def shown(self, trial: Trial) -> Trial:
        """Return a trial as it stands by now."""
        running = self._trials.get(trial.number)
        return running.shown if running else trial


def begun(trial: Trial) -> Trial:
    """Return a trial that is given to a worker now; what it had when a stop interrupted it is no result any more."""
    began = trial.started_at or datetime.now(UTC)
    return replace(trial, state=TrialState.RUNNING, attempt=trial.attempt + 1, started_at=began, reason="", values=())


def assignment(trial: Trial) -> Assignment:
    """Return the assignment of a trial for a worker: it goes on from its last checkpoint."""
    start = trial.checkpoint.epoch if trial.checkpoint else 0
    return Assignment(trial.number, trial.candidate, trial.attempt, start, trial.checkpoint)
