"""Snapshot: one consistent reading of a study in the storage, for every command that shows it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nas.artifacts.final_result import chosen
from nas.artifacts.recorded_files import artifacts_here, trials_here
from nas.artifacts.relocation import recalled
from nas.artifacts.study_folder import own_folder
from nas.config import Objective, StudyConfig
from nas.objectives import RESOURCES, Rankable, direction_of, measured, pareto_front, ranked
from nas.storage import Artifact, Storage, StudyRecord
from nas.storage.records import FORKED
from nas.storage.rows.queries import Curves
from nas.trials import Standing, Trial, TrialState
from search_spaces.errors import UnknownName

CLASSES = ("complete", "pruned", "failed", "reused", "infeasible")
"""How a finished trial can have ended; each is in exactly one."""
UNTRAINED = ("reused", "infeasible")
"""Those that no budget of trials counts."""

_BY_STATE = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A study with its artifacts, how its trials stand, and the best of them."""

    record: StudyRecord
    config: StudyConfig
    standings: list[Standing]
    artifacts: list[Artifact]
    best: Trial | None = None
    """The trial that is handed out, without its curve: the final stage's choice, before that the incumbent."""
    forked_from: str = ""
    """The study that it began with trials of; of a fork alone."""
    url: str = ""
    """The database that it was read from, where that was named."""

    @property
    def ranked(self) -> list[Standing]:
        """The usable trials from best to worst."""
        return ranked(self.standings, self.config.objectives)

    @property
    def pareto_front(self) -> list[Standing]:
        """The usable trials that no other is better than in every objective."""
        return pareto_front(self.standings, self.config.objectives)

    @property
    def state(self) -> str:
        """Actual state of the study."""
        return state_of(self.record)


def read(storage: Storage, record: StudyRecord) -> Snapshot:
    """Read what belongs to a study."""
    config = recalled(record, storage.database.where)
    standings = storage.standings(record.id)
    best = chosen(record, standings, config.objectives)
    found = _trials(storage, record.id, config, [best.number] if best else [], curves="none")
    artifacts = artifacts_here(storage.artifacts(record.id), own_folder(config))
    return Snapshot(record, config, standings, artifacts, next(iter(found), None), _origin(storage, record.id))


def _trials(
    storage: Storage, study_id: int, config: StudyConfig, numbers: Sequence[int], *, curves: Curves
) -> list[Trial]:
    """Read some trials, in this order, with their files where these lie now."""
    found = {trial.number: trial for trial in storage.trials(study_id, curves=curves, numbers=numbers)}
    return trials_here([found[number] for number in numbers if number in found], own_folder(config))


def _origin(storage: Storage, study_id: int) -> str:
    forked = storage.events(study_id, kind=FORKED)
    return str(forked[0].content["study"]) if forked else ""


def read_from(url: str, name: str) -> Snapshot:
    """Open a database that exists and read a study; raise StudyNotFound, with the nearest, when there is none."""
    with Storage.open(url, create=False) as storage:
        return replace(read(storage, storage.study(name)), url=url)


def leaders(
    url: str, name: str, count: int, *, by: str | None = None, pareto: bool = False
) -> tuple[Snapshot, list[Trial]]:
    """Read a study and its first few usable trials, each with the last point of its curve.

    They are ordered by the objectives, or by one measure; `pareto` leaves out those that another is better than in
    every objective.

    Raises:
        UnknownName: no trial has measured that.
    """
    with Storage.open(url, create=False) as storage:
        snapshot = replace(read(storage, storage.study(name)), url=url)
        order = snapshot.pareto_front if pareto else snapshot.ranked
        if by is not None and order:
            order = _ordered(storage, snapshot, order, by)
        numbers = [standing.number for standing in order[:count]]
        return snapshot, _trials(storage, snapshot.record.id, snapshot.config, numbers, curves="last")


def _ordered(storage: Storage, snapshot: Snapshot, order: Sequence[Standing], by: str) -> list[Standing]:
    """Return the trials from best to worst in one measure, those where it is not a number last."""
    study_id = snapshot.record.id
    (first,) = storage.trials(study_id, curves="last", numbers=[order[0].number])
    if by not in measured(first):
        raise UnknownName("metric", by, measured(first))
    values = (
        {standing.number: float(getattr(standing, by)) for standing in order}
        if by in RESOURCES
        else {number: points[-1][1] for number, points in storage.values(study_id, by, epochs="last").items()}
    )
    sign = -1.0 if direction_of(by, snapshot.config.objectives) == "maximize" else 1.0

    def place(standing: Standing) -> tuple[bool, float, int]:
        value = values.get(standing.number, math.nan)
        return math.isnan(value), sign * value, standing.number

    return sorted(order, key=place)


def one_trial(url: str, name: str, number: int) -> tuple[Snapshot, Trial]:
    """Read one trial with its curve, and the study it belongs to without its other trials."""
    with Storage.open(url, create=False) as storage:
        record = storage.study(name)
        config = recalled(record, storage.database.where)
        (found,) = trials_here([storage.trial(record.id, number)], own_folder(config))
        return Snapshot(record, config, [], [], found), found


def config_in(storage: Storage, name: str) -> StudyConfig:
    """Return the definition of a study with the places of its files as they are now."""
    return recalled(storage.study(name), storage.database.where)


def state_of(record: StudyRecord) -> str:
    """Return what a study is: one that is RUNNING on record and has no live controller was interrupted."""
    if record.holder is not None:
        return "RUNNING"
    return "INTERRUPTED" if record.state == "RUNNING" else record.state


def class_of(trial: Rankable) -> str:
    """Return how a trial ended; of one that has not, its state."""
    if trial.state.finished and trial.reason in UNTRAINED:
        return trial.reason
    return _BY_STATE.get(trial.state, trial.state.value.lower())


def tally(trials: Iterable[Rankable]) -> dict[str, int]:
    """Count the finished trials of each class."""
    found = Counter(map(class_of, trials))
    return {name: found[name] for name in CLASSES}


def valued(trial: Trial, objectives: Iterable[Objective]) -> Mapping[str, float]:
    """Return a trial's values by objective; empty before it is COMPLETE."""
    return dict(zip((objective.metric for objective in objectives), trial.values, strict=False))
