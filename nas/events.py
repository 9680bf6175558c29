"""Events of a search: frozen values, passed to one listener."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas.config import StudyConfig
from nas.trials import Trial
from workers.messages import TaskInfo


@dataclass(frozen=True, slots=True)
class StudyStarted:
    """The controller holds the study and starts, or goes on, with so many trials already finished of the earlier."""

    config: StudyConfig
    task: TaskInfo
    finished: int
    resumed: bool
    earlier: Sequence[Trial] = ()
    """All trials on record, most of them without their curves."""
    spent: float = 0.0
    """Seconds of the study's earlier runs."""


@dataclass(frozen=True, slots=True)
class TrialFinished:
    """A trial has ended; `best` says whether it is the new incumbent."""

    trial: Trial
    best: bool


@dataclass(frozen=True, slots=True)
class EpochsDone:
    """So many epochs were reported since the last time; `running` trials are under way."""

    epochs: int
    running: int
    reached: Sequence[tuple[int, int]] = ()
    """The number and the epochs of the first few of them."""


@dataclass(frozen=True, slots=True)
class ComparisonStarted:
    """These trials are now compared on validation, with so many fresh seeds each."""

    numbers: tuple[int, ...]
    seeds: int


@dataclass(frozen=True, slots=True)
class FinalStarted:
    """The best trials are now retrained on train + validation."""

    trainings: int


@dataclass(frozen=True, slots=True)
class FinalScored:
    """One retraining was scored on the test split."""

    number: int
    seed: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BaselineScored:
    """A baseline was scored on the test split."""

    name: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the user should know that ends nothing: a worker was lost, an export failed."""

    text: str


@dataclass(frozen=True, slots=True)
class StudyEnded:
    """The controller has released the study, in this state, for this reason."""

    state: str
    reason: str


Happening = (
    StudyStarted
    | TrialFinished
    | EpochsDone
    | ComparisonStarted
    | FinalStarted
    | FinalScored
    | BaselineScored
    | Noticed
    | StudyEnded
)
Watcher = Callable[[Happening], None]


def unwatched(happening: Happening) -> None:
    """Watch nothing."""
