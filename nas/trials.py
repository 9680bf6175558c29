"""A trial: one candidate's life in a study, and the curve it drew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from search_spaces.candidate import Candidate, Params
from workers.messages import Checkpoint


class TrialState(StrEnum):
    """Optuna's five states."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"

    @property
    def finished(self) -> bool:
        """Return whether a trial in this state will never change again."""
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


ENDED_EARLY = ("time", "target", "finish")
"""Reasons of a COMPLETE trial that was ended before its last epoch: the clock, the target, the user who had enough."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a learning curve: the metrics after `epoch` epochs (from 1), and the seconds that epoch took."""

    epoch: int
    metrics: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class Trial:
    """One candidate's life. `values` has one number per objective once the trial is COMPLETE, and is empty before."""

    number: int
    params: Params
    candidate: Candidate
    state: TrialState = TrialState.WAITING
    reason: str = ""
    """Why it ended so: "pruned", "infeasible", "reused", "nan", "oom", "lost", "build", "task", … or empty.

    A COMPLETE trial that was ended early says by what, see `ENDED_EARLY`, and has the values of its last epoch; a
    WAITING one that the user's stop interrupted says "stop", and has values too.
    """
    curve: tuple[Point, ...] = ()
    values: tuple[float, ...] = ()
    constraints: Mapping[str, float] = field(default_factory=dict)
    """How far each constraint or limit is exceeded, by its text; ≤ 0 holds."""
    fingerprint: str = ""
    parameters: int = 0
    flops: int = 0
    attempt: int = 0
    epochs: int = 0
    seconds: float = 0.0
    """Its own share of the training time."""
    cohort_seconds: float = 0.0
    """Wall time of the cohorts it trained in, while it was in them."""
    reused_from: int | None = None
    checkpoint: Checkpoint | None = None
    engine: str = ""
    sampler_state: Mapping[str, object] = field(default_factory=dict)
    """What the sampler must find again when it is rebuilt from history; JSON values."""
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def __repr__(self) -> str:
        """Describe it in one line, as a notebook shows it."""
        reason = f", reason={self.reason!r}" if self.reason else ""
        values = f", values=({', '.join(f'{value:.6g}' for value in self.values)})" if self.values else ""
        sizes = f"epochs={self.epochs}, parameters={self.parameters}"
        family = self.candidate.architecture.family
        return f"Trial(number={self.number}, state={self.state}{reason}{values}, {sizes}, family={family!r})"

    @property
    def feasible(self) -> bool:
        """Return whether every constraint that was measured holds."""
        return kept(self.constraints)

    @property
    def trained(self) -> bool:
        """Return whether a worker was ever given this trial, or will be: what `budget.trials` counts."""
        return self.attempt > 0 or not self.state.finished

    @property
    def interrupted(self) -> bool:
        """Return whether the user's stop has interrupted this trial, which goes on when the study does."""
        return _stopped(self.state, self.reason)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return the metrics of the last epoch, empty before the first."""
        return self.curve[-1].metrics if self.curve else {}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trial stands: what it is ranked and counted by, without what it is made of. Twenty thousand read fast."""

    number: int
    state: TrialState
    reason: str
    values: tuple[float, ...]
    feasible: bool
    epochs: int
    engine: str
    parameters: int
    flops: int
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Tell whether the user's stop has interrupted this trial, which goes on when the study does."""
        return _stopped(self.state, self.reason)


def kept(constraints: Mapping[str, float]) -> bool:
    """Tell whether no constraint is exceeded."""
    return all(excess <= 0 for excess in constraints.values())


def _stopped(state: TrialState, reason: str) -> bool:
    return state is TrialState.WAITING and reason == "stop"


def with_curve(trial: Trial, curve: Sequence[Point]) -> Trial:
    """Return a trial with this curve, and what it cost."""
    return replace(trial, curve=tuple(curve), epochs=len(curve), seconds=sum(point.seconds for point in curve))


def over(trial: Trial, state: TrialState, reason: str) -> Trial:
    """Return a trial that ends now, with nothing to go on from; one that never ran has started now too."""
    now = datetime.now(UTC)
    started = trial.started_at or now
    return replace(trial, state=state, reason=reason, checkpoint=None, started_at=started, finished_at=now)


def finish(trial: Trial) -> tuple[datetime, int]:
    """Order trials as they finished; those that have not come last."""
    return trial.finished_at or datetime.max.replace(tzinfo=UTC), trial.number
