"""Snapshot: one consistent reading of a study in the storage, for every command that shows it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nas.artifacts.final_result import chosen
from nas.artifacts.recorded_files import artifacts_here, trials_here
from nas.artifacts.relocation import recalled
from nas.artifacts.study_folder import own_folder
from nas.config import Objective, StudyConfig
from nas.objectives import pareto_front, ranked
from nas.storage import Artifact, Storage, StudyRecord
from nas.storage.records import FORKED
from nas.storage.rows.queries import Curves
from nas.trials import Trial, TrialState

CLASSES = ("complete", "pruned", "failed", "reused", "infeasible")
"""How a finished trial can have ended; each is in exactly one."""
UNTRAINED = ("reused", "infeasible")
"""Those that no budget of trials counts."""

_BY_STATE = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A study with its trials and artifacts."""

    record: StudyRecord
    config: StudyConfig
    trials: list[Trial]
    artifacts: list[Artifact]
    forked_from: str = ""
    """The study that it began with trials of; of a fork alone."""
    url: str = ""
    """The database that it was read from, where that was named."""

    @property
    def best(self) -> Trial | None:
        """The best trial: the final stage's choice, before that the incumbent."""
        return chosen(self.record, self.trials, self.config.objectives)

    @property
    def ranked(self) -> list[Trial]:
        """The usable trials from best to worst."""
        return ranked(self.trials, self.config.objectives)

    @property
    def pareto_front(self) -> list[Trial]:
        """The usable trials that no other is better than in every objective."""
        return pareto_front(self.trials, self.config.objectives)

    @property
    def state(self) -> str:
        """Actual state of the study."""
        return state_of(self.record)


def read(storage: Storage, name: str, *, curves: Curves = "none") -> Snapshot:
    """Read a study; raise StudyNotFound, with the nearest match, when there is none of that name."""
    record = storage.study(name)
    config = recalled(record, storage.database.where)
    trials = trials_here(storage.trials(record.id, curves=curves), own_folder(config))
    artifacts = artifacts_here(storage.artifacts(record.id), own_folder(config))
    return Snapshot(record, config, trials, artifacts, _origin(storage, record.id))


def _origin(storage: Storage, study_id: int) -> str:
    forked = storage.events(study_id, kind=FORKED)
    return str(forked[0].content["study"]) if forked else ""


def read_from(url: str, name: str, *, curves: Curves = "none") -> Snapshot:
    """Open a database that exists and read a study."""
    with Storage.open(url, create=False) as storage:
        return replace(read(storage, name, curves=curves), url=url)


def one_trial(url: str, name: str, number: int) -> tuple[Snapshot, Trial]:
    """Read one trial with its curve, and the study it belongs to without its other trials."""
    with Storage.open(url, create=False) as storage:
        record = storage.study(name)
        config = recalled(record, storage.database.where)
        (found,) = trials_here([storage.trial(record.id, number)], own_folder(config))
        return Snapshot(record, config, [found], []), found


def config_of(url: str, name: str) -> StudyConfig:
    """Open a database that exists and return the definition of a study."""
    with Storage.open(url, create=False) as storage:
        return recalled(storage.study(name), storage.database.where)


def state_of(record: StudyRecord) -> str:
    """Return what a study is: one that is RUNNING on record and has no live controller was interrupted."""
    if record.holder is not None:
        return "RUNNING"
    return "INTERRUPTED" if record.state == "RUNNING" else record.state


def class_of(trial: Trial) -> str:
    """Return how a trial ended; of one that has not, its state."""
    if trial.state.finished and trial.reason in UNTRAINED:
        return trial.reason
    return _BY_STATE.get(trial.state, trial.state.value.lower())


def tally(trials: Iterable[Trial]) -> dict[str, int]:
    """Count the finished trials of each class."""
    found = Counter(map(class_of, trials))
    return {name: found[name] for name in CLASSES}


def valued(trial: Trial, objectives: Iterable[Objective]) -> Mapping[str, float]:
    """Return a trial's values by objective; empty before it is COMPLETE."""
    return dict(zip((objective.metric for objective in objectives), trial.values, strict=False))
