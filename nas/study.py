"""What a user holds in Python: a study, run or opened, with its trials, its best, and a way to take it along."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count

from nas.completeness import complete, notice
from nas.config import Final, StudyConfig
from nas.errors import NoUsableTrial, StudyExists, StudyNotFound
from nas.final_result import chosen
from nas.happenings import Watcher, unwatched
from nas.objectives import incumbent, pareto_front
from nas.passwords import hidden
from nas.storage import Artifact, Storage, StudyRecord
from nas.study_file import difference, from_json, load
from nas.trials import Trial


@dataclass(frozen=True, slots=True)
class Study:
    """A study on record; every property is read afresh."""

    name: str
    storage: str
    """The URL of the storage it is in; with its password, which `repr` does not show."""

    def __repr__(self) -> str:
        return f"Study(name={self.name!r}, storage={hidden(self.storage)!r})"

    @property
    def record(self) -> StudyRecord:
        """What the storage holds of the study as a whole."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.study(self.name)

    @property
    def config(self) -> StudyConfig:
        """Its definition."""
        return from_json(self.record.config)

    @property
    def trials(self) -> list[Trial]:
        """All its trials with their curves, in the order of their numbers."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.trials(storage.study(self.name).id)

    @property
    def incumbent(self) -> Trial | None:
        """The best finite, feasible, COMPLETE trial so far."""
        return incumbent(self.trials, self.config.objectives)

    @property
    def best(self) -> Trial | None:
        """The trial that is handed out: the final stage's choice among the best, before that the incumbent."""
        return chosen(self.record, self.trials, self.config.objectives)

    @property
    def pareto_front(self) -> list[Trial]:
        """The trials that no other is better than in every objective."""
        return pareto_front(self.trials, self.config.objectives)

    @property
    def result(self) -> Mapping[str, object]:
        """How it ended: reason, best trial, test score; empty while it has not."""
        return self.record.result

    @property
    def artifacts(self) -> list[Artifact]:
        """The files it has made: retrained weights and exports."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.artifacts(storage.study(self.name).id)

    def export(
        self, folder: str | os.PathLike[str], *, formats: Sequence[str] = ("source",), number: int | None = None
    ) -> list[Artifact]:
        """Export what the study hands out, or the trial with this number, and return what was written.

        Retrained weights come before those of the search; with `final: {ensemble: true}` what is handed out is their
        average.

        Raises:
            NoUsableTrial: nothing has been trained to the end yet.
            TaskError: the samples have changed since the search, so that inputs would be prepared otherwise.
            ExportError: an exported network is not the network it was made from.
        """
        from nas.export import export_best, members_of

        trial, target = self._exported(number), os.fspath(folder).rstrip("/")
        record, members = self.record, members_of(self.artifacts, trial.number)
        final = self.config.final if number is None else Final()
        return [item for format in formats for item in export_best(record, trial, members, format, target, final)]

    def export_ensemble(
        self, folder: str | os.PathLike[str], *, formats: Sequence[str] = ("source",), number: int | None = None
    ) -> list[Artifact]:
        """Export the average of a trial's retrainings as one network, the best's unless told otherwise.

        Raises:
            StudyNotFound: the trial has fewer than two retrainings.
            NoUsableTrial, TaskError, ExportError: as `export`.
        """
        from nas.export import export_ensemble, members_of

        trial, target = self._exported(number), os.fspath(folder).rstrip("/")
        record, members = self.record, members_of(self.artifacts, trial.number)
        return [item for format in formats for item in export_ensemble(record, trial, members, format, target)]

    def _exported(self, number: int | None) -> Trial:
        trial = self.best if number is None else self._trial(number)
        if trial is None:
            raise NoUsableTrial(f"study {self.name!r} has no COMPLETE trial yet")
        return trial

    def _trial(self, number: int) -> Trial:
        with Storage.open(self.storage, create=False) as storage:
            return storage.trial(storage.study(self.name).id, number)


def search(
    definition: str | os.PathLike[str] | StudyConfig,
    *,
    overrides: Sequence[str] = (),
    watch: Watcher = unwatched,
    interrupted: Callable[[], bool] = bool,
) -> Study:
    """Run a study file, or a definition built in code, to its end; go on with it if it is on record and unchanged.

    A study that is finished, and is asked for no more than it was, stays as it is; `watch` is told.

    Raises:
        SpecError: the definition is wrong; every mistake is listed.
        StudyExists: another study of that name is on record.
        NoUsableTrial: the search ended without any finite value.
    """
    config = definition if isinstance(definition, StudyConfig) else load(definition, overrides=overrides)
    known = _on_record(config)
    if known is not None:
        require_same(known, config)
        config = _no_fewer(known, config)
        if complete(known, config):
            watch(notice(known, config))
            return Study(config.name, config.storage)
    from nas.controller import Controller, prepare

    with ExitStack() as stack:
        if known is None:
            prepared = prepare(config, stack)  # before a file is made: a task that cannot be used leaves nothing behind
            storage = stack.enter_context(Storage.open(config.storage))
            Controller(storage, watch, interrupted).begin_prepared(prepared)
        else:
            storage = stack.enter_context(Storage.open(config.storage))
            Controller(storage, watch, interrupted).resume(known, config)
    return Study(config.name, config.storage)


def fork(config: StudyConfig, of: str, *, watch: Watcher = unwatched, interrupted: Callable[[], bool] = bool) -> Study:
    """Run a study that begins with the trials of another in the same storage that hold under its definition.

    `config.name` is its own name; `of` is the other's, which stays as it is.

    Raises:
        StudyNotFound: there is no study to fork.
        StudyExists: the new name is taken.
    """
    from nas.controller import Controller

    with Storage.open(config.storage, create=False) as storage:
        Controller(storage, watch, interrupted).fork(storage.study(of), config)
    return Study(config.name, config.storage)


def free_name(storage: str, name: str) -> str:
    """Return the first of `name-2`, `name-3`, … that no study has."""
    with Storage.open(storage, create=False) as opened:
        taken = {record.name for record in opened.studies()}
    return next(free for free in (f"{name}-{number}" for number in count(2)) if free not in taken)


def resume(name: str, storage: str, *, watch: Watcher = unwatched, interrupted: Callable[[], bool] = bool) -> Study:
    """Go on with a study on record where it stands; one that is finished stays as it is."""
    from nas.controller import Controller

    with Storage.open(storage, create=False) as opened:
        record = opened.study(name)
        config = from_json(record.config)
        if complete(record, config):
            watch(notice(record, config))
        else:
            Controller(opened, watch, interrupted).resume(record)
    return Study(name, storage)


def _no_fewer(record: StudyRecord, config: StudyConfig) -> StudyConfig:
    """Return the definition with a budget of no fewer trials than are on record: they cannot be taken back."""
    most, there = config.budget.trials, sum(record.counts.values())
    return replace(config, budget=replace(config.budget, trials=max(most, there))) if most else config


def _on_record(config: StudyConfig) -> StudyRecord | None:
    try:
        with Storage.open(config.storage, create=False) as storage:
            return storage.find(config.name)
    except StudyNotFound:
        return None  # the file itself is missing


def require_same(record: StudyRecord, config: StudyConfig) -> None:
    """Raise StudyExists unless the definition differs from the record only in what may change between runs."""
    changes = difference(from_json(record.config), config)
    unsafe = [change.path for change in changes if not change.safe]
    if unsafe:
        raise StudyExists(
            f"study {record.name!r} is on record with another definition (differs in: {', '.join(unsafe)}); "
            f"begin another study with those of its trials that still hold: add --fork; give this one another name; "
            f"or resume the old one: nas resume {record.name}"
        )
