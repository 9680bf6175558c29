"""Stopping criterion: trials, epochs, wall time, a target, patience."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from nas.config import Budget, Objective
from nas.trials import Trial, TrialState

FUTILE = 1000
"""After so many proposals in a row over a limit, a study has seen its space; one answered from the record counts as
`ANSWERED` of them."""
ANSWERED = 5
LATE = 10
"""After so many proposals in a row that would take longer than is left, nothing more is begun."""


@dataclass(slots=True)
class StoppingCriterion:
    """Keeps the accounts of one study; `spent_before` are the seconds of its earlier runs."""

    budget: Budget
    objectives: tuple[Objective, ...]
    clock: Callable[[], float]
    spent_before: float = 0.0
    began: float | None = None
    """By the clock, when the command began; None is now."""
    reserve: float = 0.0
    """Seconds of the time that are left to what follows the search: retraining, scoring, export."""
    finishing: bool = False
    """The user wants the search to end now, and its best to be retrained and exported."""
    exhausted: bool = False
    """Nothing is left to propose."""
    late: int = 0
    """How many proposals in a row would have taken longer than is left."""
    _started: float = field(init=False)
    _created: int = 0
    _epochs_spent: int = 0
    _reserved: dict[int, int] = field(default_factory=dict)
    _since_best: int = 0
    _futile: int = 0
    _target_met: bool = False

    def __post_init__(self) -> None:
        self._started = self.clock() if self.began is None else self.began

    @property
    def seconds(self) -> float:
        """Wall time of the study so far, over all its runs."""
        return self.spent_before + self.clock() - self._started

    @property
    def epochs_spent(self) -> int:
        """Epochs trained so far, by all trials."""
        return self._epochs_spent

    def room(self, wanted: int) -> int:
        """Return how many more trials may be trained now."""
        if self.reason:
            return 0
        left = self.budget.trials - self._created if self.budget.trials else wanted
        return max(0, min(wanted, left, self._epoch_room(wanted)))

    def can_train(self, epochs: int) -> bool:
        """Return whether so many epochs more are within the budget, all that are under way counted in full."""
        total = self.budget.total_epochs
        return not total or self._epochs_spent + sum(self._reserved.values()) + epochs <= total

    @property
    def reason(self) -> str:
        """Return why the study may train no more, "" while it may: "target", "time", "patience", "trials", …."""
        if self._target_met:
            return "target"
        if self.finishing:
            return "finish"
        if self.out_of_time or self.late >= LATE:
            return "time"
        if self.budget.patience and self._since_best >= self.budget.patience:
            return "patience"
        if self.budget.trials and self._created >= self.budget.trials:
            return "trials"
        if self.exhausted or self._futile >= FUTILE:
            return "space"
        return "" if self.can_train(self.budget.epochs) else "epochs"

    @property
    def interrupts(self) -> bool:
        """Return whether what is being trained now must end as well."""
        return self._target_met or self.finishing or self.out_of_time

    @property
    def out_of_time(self) -> bool:
        """Return whether the wall time of the search is spent.

        Where nothing was measured yet, as on a machine that took the time to start, it goes on for as long again.
        """
        late = self._epochs_spent > 0 or self.seconds >= 2 * self.budget.seconds
        return self.left <= 0 and late

    @property
    def left(self) -> float:
        """Seconds that the search still has; infinite without a limit."""
        return self.budget.seconds - self.reserve - self.seconds if self.budget.seconds else math.inf

    def created(self, trial: Trial) -> None:
        """Count a new trial that is trained, or was; one that has to be has its epochs reserved until it ends."""
        self._created += trial.trained
        if trial.trained:
            self._futile = 0
        else:
            self._futile += ANSWERED if trial.reason == "reused" else 1
        if not trial.state.finished:
            self._reserved[trial.number] = self.budget.epochs - len(trial.curve)

    def trained(self, number: int) -> None:
        """Count one epoch of a trial."""
        self._epochs_spent += 1
        if self._reserved.get(number):
            self._reserved[number] -= 1

    def finished(self, trial: Trial, *, best: bool) -> None:
        """Count a finished trial."""
        self._reserved.pop(trial.number, None)  # what it did not use
        if trial.trained:
            self._since_best = 0 if best else self._since_best + 1
        if trial.state is TrialState.COMPLETE and trial.feasible:
            self._target_met |= self._meets_target(trial.values[0])

    def restored(self, trial: Trial, *, best: bool) -> None:
        """Count a trial of an earlier run."""
        self.created(trial)
        self._epochs_spent += trial.epochs
        if trial.state.finished:
            self.finished(trial, best=best)

    def _epoch_room(self, wanted: int) -> int:
        if not self.budget.total_epochs:
            return wanted
        free = self.budget.total_epochs - self._epochs_spent - sum(self._reserved.values())
        return max(0, free // self.budget.epochs)

    def _meets_target(self, value: float) -> bool:
        target = self.budget.target
        if target is None or not math.isfinite(value):
            return False
        return value >= target if self.objectives[0].direction == "maximize" else value <= target
