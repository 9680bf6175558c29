"""Progress of a search: counts, incumbent, speed and the time it still needs, computed from the controller's events."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from nas.config import Budget, StudyConfig
from nas.events import (
    ComparisonStarted,
    EpochsDone,
    FinalScored,
    FinalStarted,
    Happening,
    StudyEnded,
    StudyStarted,
    TrialFinished,
)
from nas.objectives import incumbent
from nas.snapshot import UNTRAINED, class_of
from nas.trials import Trial

_WINDOW = 10.0
"""Seconds over which the speed is measured."""


@dataclass(slots=True)
class Progress:
    """The state of one run; `spent` are the seconds of the study's earlier runs, once they are known."""

    config: StudyConfig
    spent: float = 0.0
    clock: Callable[[], float] = time.monotonic
    classes: "Counter[str]" = field(default_factory=Counter)
    best: Trial | None = None
    running: int = 0
    reached: Sequence[tuple[int, int]] = ()
    """Of the first few trials that run, the number and how many epochs they have."""
    failures: "Counter[str]" = field(default_factory=Counter)
    """Why trials failed, in the first words of it."""
    epochs: int = 0
    stage: str = "starting"
    trainings: int = 0
    scored: int = 0
    _began: float = field(init=False)
    _searching_since: float = field(init=False)
    _finished_now: int = 0
    _recent: "deque[tuple[float, int]]" = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._began = self._searching_since = self.clock()

    def restore(self, trials: Iterable[Trial]) -> None:
        """Take over the trials of earlier runs."""
        known = list(trials)
        for trial in known:
            if trial.state.finished:
                self._count(trial)
        self.epochs = sum(trial.epochs for trial in known)
        self.best = incumbent(known, self.config.objectives) if self.config.objectives else None

    def take(self, happening: Happening) -> None:
        """Receive an event."""
        match happening:
            case StudyStarted():
                self.config, self.stage, self.spent = happening.config, "searching", happening.spent
                self.restore(happening.earlier)
                self._searching_since = self.clock()
            case TrialFinished():
                self._finish(happening)
            case EpochsDone():
                self.running, self.reached = happening.running, happening.reached
                self.epochs += happening.epochs
                self._recent.append((self.clock(), happening.epochs))
            case ComparisonStarted():
                self.stage = "comparing"
            case FinalStarted():
                self.stage, self.trainings, self.scored = "retraining", happening.trainings, 0
            case FinalScored():
                self.scored += 1
            case StudyEnded():
                self.stage = happening.state.lower()

    @property
    def finished(self) -> int:
        """Number of ended trials that the budget counts, over all runs."""
        return self.classes.total() - sum(self.classes[name] for name in UNTRAINED)

    @property
    def seconds(self) -> float:
        """Wall time of this run."""
        return self.clock() - self._began

    @property
    def speed(self) -> float:
        """Epochs per second, lately."""
        now = self.clock()
        while self._recent and now - self._recent[0][0] > _WINDOW:
            self._recent.popleft()
        span = min(_WINDOW, now - self._searching_since)
        return sum(epochs for _, epochs in self._recent) / span if span else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds the search may still need, by the budget that ends first; None while that cannot be said."""
        estimates = [found for found in (self._by_trials(), self._by_epochs(), self._by_time()) if found is not None]
        return max(0.0, min(estimates)) if estimates else None

    @property
    def share(self) -> float | None:
        """Share of the budget that is spent, 0 to 1; None without one that can be counted."""
        budget = self.config.budget
        shares = [
            spent / total
            for spent, total in (
                (self.finished, budget.trials),
                (self.epochs, budget.total_epochs),
                (self.spent + self.seconds, budget.seconds),
            )
            if total
        ]
        return min(1.0, max(shares)) if shares else None

    def _finish(self, happening: TrialFinished) -> None:
        self._count(happening.trial)
        self.reached = [item for item in self.reached if item[0] != happening.trial.number]
        self._finished_now += class_of(happening.trial) not in UNTRAINED
        if happening.best:
            self.best = happening.trial

    def _count(self, trial: Trial) -> None:
        ended = class_of(trial)
        self.classes[ended] += 1
        if ended == "failed":
            self.failures[trial.reason.partition(":")[0] or "unknown"] += 1

    def _by_trials(self) -> float | None:
        if not (self._budget.trials and self._finished_now):
            return None
        return (self._budget.trials - self.finished) * (self.clock() - self._searching_since) / self._finished_now

    def _by_epochs(self) -> float | None:
        speed = self.speed
        return (self._budget.total_epochs - self.epochs) / speed if self._budget.total_epochs and speed else None

    def _by_time(self) -> float | None:
        return self._budget.seconds - self.spent - self.seconds if self._budget.seconds else None

    @property
    def _budget(self) -> Budget:
        return self.config.budget
