"""Run history: all trials of a study in memory, those that wait, and the incumbent."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nas.config import Objective
from nas.objectives import incumbent, usable
from nas.trials import Trial, TrialState


@dataclass(slots=True)
class History:
    """Trials by number; the incumbent is kept up to date as they finish."""

    objectives: tuple[Objective, ...]
    best: Trial | None = None
    _trials: dict[int, Trial] = field(default_factory=dict)
    _waiting: dict[int, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials.values())

    def __getitem__(self, number: int) -> Trial:
        return self._trials[number]

    @property
    def next_number(self) -> int:
        """The number of the next trial to be created."""
        return len(self._trials)

    def put(self, trial: Trial) -> bool:
        """Take a trial in its newest state; return whether it has become the incumbent."""
        self._trials[trial.number] = trial
        if trial.state is TrialState.WAITING:
            self._waiting[trial.number] = None
        else:
            self._waiting.pop(trial.number, None)
        return self._challenge(trial)

    def take(self, number: int) -> Trial:
        """Return a trial, which waits no more."""
        self._waiting.pop(number, None)
        return self._trials[number]

    @property
    def waiting(self) -> list[int]:
        """The numbers of the trials that wait for a worker, the one that has waited longest first."""
        return list(self._waiting)

    def _challenge(self, trial: Trial) -> bool:
        if not usable(trial):
            return False
        rivals = [self.best, trial] if self.best else [trial]
        winner = incumbent(rivals, self.objectives)
        if winner is not trial:
            return False
        self.best = trial
        return True
