"""Public Python interface: run, resume, fork or open a study, read its trials and result, export its best."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count

from nas.artifacts.final_result import chosen
from nas.artifacts.recorded_files import artifacts_here, trials_here
from nas.artifacts.relocation import recalled
from nas.artifacts.study_folder import own_folder
from nas.config import USUAL_STORAGE, Final, Objective, StudyConfig
from nas.controller.completeness import complete, notice
from nas.controller.run_settings import RunSettings
from nas.errors import NoUsableTrial, StudyExists
from nas.events import Watcher, unwatched
from nas.objectives import incumbent, pareto_front
from nas.redaction import redacted
from nas.storage import Artifact, LazyStorage, Storage, StudyRecord
from nas.study_file.load import as_begun, difference, from_file, from_json, from_mapping, to_json
from nas.study_file.name import require_name
from nas.study_file.source_map import Written
from nas.trials import Standing, Trial

Choose = Callable[[StudyRecord, Sequence[Standing], Sequence[Objective]], Sequence[Standing | None]]

Definition = str | os.PathLike[str] | Mapping[str, object] | StudyConfig
"""A study file, a dictionary with its keys, or a definition built in code."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study on record; every property is read afresh."""

    name: str
    storage: str = USUAL_STORAGE
    """The URL of the storage it is in; with its password, which `repr` does not show."""

    def __repr__(self) -> str:
        return f"Study(name={self.name!r}, storage={redacted(self.storage)!r})"

    @property
    def record(self) -> StudyRecord:
        """Record of the study as a whole in the storage."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.study(self.name)

    @property
    def config(self) -> StudyConfig:
        """Its definition."""
        with Storage.open(self.storage, create=False) as storage:
            return recalled(storage.study(self.name), storage.database.where)

    @property
    def trials(self) -> list[Trial]:
        """All its trials with their curves, in the order of their numbers."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.trials(storage.study(self.name).id)

    @property
    def incumbent(self) -> Trial | None:
        """The best finite, feasible, COMPLETE trial so far."""
        return next(iter(self._chosen(lambda _, standings, by: [incumbent(standings, by)])), None)

    @property
    def best(self) -> Trial | None:
        """The trial that is handed out: the final stage's choice among the best, before that the incumbent."""
        return next(iter(self._chosen(lambda record, standings, by: [chosen(record, standings, by)])), None)

    @property
    def pareto_front(self) -> list[Trial]:
        """The trials that no other is better than in every objective."""
        return self._chosen(lambda _, standings, by: pareto_front(standings, by))

    @property
    def result(self) -> Mapping[str, object]:
        """Result: reason of the end, best trial, test score; empty before the end."""
        return self.record.result

    @property
    def artifacts(self) -> list[Artifact]:
        """The files it has made: retrained weights and exports."""
        with Storage.open(self.storage, create=False) as storage:
            return storage.artifacts(storage.study(self.name).id)

    def export(
        self, folder: str | os.PathLike[str], *, formats: Sequence[str] = ("source",), number: int | None = None
    ) -> list[Artifact]:
        """Export the best network of the study, or the trial with this number, and return what was written.

        Retrained weights come before those of the search; with `final: {ensemble: true}` what is handed out is their
        average.

        Raises:
            NoUsableTrial: nothing has been trained to the end yet.
            TaskError: the samples have changed since the search, so that inputs would be prepared otherwise.
            ExportError: an exported network is not the network it was made from.
        """
        from nas.artifacts.export import export_best, members_of

        trial, config, target = self._exported(number), self.config, os.fspath(folder).rstrip("/")
        record = replace(self.record, config=to_json(config))
        members = members_of(artifacts_here(self.artifacts, own_folder(config)), trial.number)
        final = config.final if number is None else Final()
        return [item for format in formats for item in export_best(record, trial, members, format, target, final)]

    def export_ensemble(
        self, folder: str | os.PathLike[str], *, formats: Sequence[str] = ("source",), number: int | None = None
    ) -> list[Artifact]:
        """Export the average of a trial's retrainings as one network, the best's unless told otherwise.

        Raises:
            StudyNotFound: the trial has fewer than two retrainings.
            NoUsableTrial, TaskError, ExportError: as `export`.
        """
        from nas.artifacts.export import export_ensemble, members_of

        trial, config, target = self._exported(number), self.config, os.fspath(folder).rstrip("/")
        record = replace(self.record, config=to_json(config))
        members = members_of(artifacts_here(self.artifacts, own_folder(config)), trial.number)
        return [item for format in formats for item in export_ensemble(record, trial, members, format, target)]

    def _chosen(self, choose: Choose) -> list[Trial]:
        """Choose among all trials by how they stand, and read those alone, with their curves."""
        with Storage.open(self.storage, create=False) as storage:
            record = storage.study(self.name)
            standings = storage.standings(record.id)
            best = choose(record, standings, from_json(record.config).objectives)
            numbers = [standing.number for standing in best if standing]
            found = {trial.number: trial for trial in storage.trials(record.id, numbers=numbers)}
            return [found[number] for number in numbers if number in found]

    def _exported(self, number: int | None) -> Trial:
        trial = self.best if number is None else self._trial(number)
        if trial is None:
            raise NoUsableTrial(f"study {self.name!r} has no COMPLETE trial yet")
        (here,) = trials_here([trial], own_folder(self.config))
        return here

    def _trial(self, number: int) -> Trial:
        with Storage.open(self.storage, create=False) as storage:
            return storage.trial(storage.study(self.name).id, number)


def search(
    definition: Definition,
    *,
    overrides: Sequence[str] = (),
    watch: Watcher = unwatched,
    interrupted: Callable[[], bool] = bool,
    finish: Callable[[], bool] = bool,
    began: float | None = None,
) -> Study:
    """Run a study to its end; go on with it if it is on record and unchanged.

    `definition` is a study file, a dictionary with the keys of one, or a `StudyConfig`; `watch` is called with each
    thing that happens (`nas.events`). A study that is finished, and is asked for no more than it was, stays as it
    is, and `watch` is called with a notice. `interrupted` is asked whether the study shall stop, to be resumed later;
    `finish` whether the search shall end and its best be retrained, scored and exported. `began` is the reading of
    `time.monotonic` from which the budget's time counts; None is now.

    Raises:
        SpecError: the definition is wrong; every mistake is listed.
        StudyExists: another study of that name is on record.
        StudyBusy: another process runs it.
        NoUsableTrial: the search ended without any finite value.
    """
    settings = RunSettings(watch, interrupted, finish, time.monotonic() if began is None else began)
    written = _written(definition, overrides)
    with written.placing(), LazyStorage(written.config.storage) as storage:
        return search_in(storage, written.config, settings)


def _written(definition: Definition, overrides: Sequence[str]) -> Written:
    if isinstance(definition, StudyConfig):
        return Written(definition)
    if isinstance(definition, Mapping):
        return from_mapping(definition, overrides=overrides)
    if isinstance(definition, str | os.PathLike):
        return from_file(definition, overrides=overrides)
    raise TypeError(f"a study is a file, a dictionary or a StudyConfig, got {type(definition).__name__}")


def search_in(storage: LazyStorage, config: StudyConfig, settings: RunSettings) -> Study:
    """Do as `search` does, in a storage that the caller closes."""
    known = storage.find(config.name)
    if known is None:
        require_name(config.name)
        try:
            return _begin(storage, config, settings)
        except StudyExists:  # another process may have begun it since we looked
            known = storage.find(config.name)
            if known is None:
                raise
    return _go_on(storage, known, config, settings)


def _begin(storage: LazyStorage, config: StudyConfig, settings: RunSettings) -> Study:
    from nas.controller.controller import Controller
    from nas.controller.prepare import prepare

    with ExitStack() as stack:
        prepared = prepare(config, stack)  # before a file is made: a task that cannot be used leaves nothing behind
        Controller(storage.created(), settings).begin_prepared(prepared)
    return Study(config.name, config.storage)


def _go_on(storage: LazyStorage, record: StudyRecord, config: StudyConfig, settings: RunSettings) -> Study:
    require_same(record, config)
    opened = storage.existing()
    config = _no_fewer(opened, record, as_begun(config, from_json(record.config)))
    if complete(record, config, opened.artifacts(record.id)):
        settings.watch(notice(record, config))
        return Study(config.name, config.storage)
    from nas.controller.controller import Controller

    Controller(opened, settings).resume(record, config)
    return Study(config.name, config.storage)


def fork(
    config: StudyConfig,
    of: str,
    *,
    watch: Watcher = unwatched,
    interrupted: Callable[[], bool] = bool,
    finish: Callable[[], bool] = bool,
    began: float | None = None,
) -> Study:
    """Run a study that begins with the trials of another in the same storage that hold under its definition.

    `config.name` is its own name; `of` is the other's, which stays as it is.

    Raises:
        StudyNotFound: there is no study to fork.
        StudyExists: the new name is taken.
    """
    with LazyStorage(config.storage) as storage:
        return fork_in(storage, config, of, RunSettings(watch, interrupted, finish, began))


def fork_in(storage: LazyStorage, config: StudyConfig, of: str, settings: RunSettings) -> Study:
    """Do as `fork` does, in a storage that the caller closes."""
    from nas.controller.controller import Controller

    require_name(config.name)
    opened = storage.existing()
    Controller(opened, settings).fork(opened.study(of), config)
    return Study(config.name, config.storage)


def free_name(storage: Storage, name: str) -> str:
    """Return the first of `name-2`, `name-3`, … that no study has."""
    return next(free for free in (f"{name}-{number}" for number in count(2)) if storage.find(free) is None)


def resume(
    name: str, storage: str = USUAL_STORAGE, *, watch: Watcher = unwatched, interrupted: Callable[[], bool] = bool
) -> Study:
    """Go on with a study on record where it stands; one that is finished stays as it is."""
    from nas.controller.controller import Controller

    with Storage.open(storage, create=False) as opened:
        record = opened.study(name)
        config = recalled(record, opened.database.where)
        if complete(record, config, opened.artifacts(record.id)):
            watch(notice(record, config))
        else:
            Controller(opened, RunSettings(watch, interrupted)).resume(record, config)
    return Study(name, storage)


def _no_fewer(storage: Storage, record: StudyRecord, config: StudyConfig) -> StudyConfig:
    """Return the definition with the study's own folder, and no fewer trials than were trained: they stay."""
    config = replace(config, artifacts=replace(config.artifacts, place=from_json(record.config).artifacts.place))
    most = config.budget.trials
    if not most or most >= sum(record.counts.values()):
        return config
    trained = sum(trial.trained for trial in storage.trials(record.id, curves="none"))
    return replace(config, budget=replace(config.budget, trials=max(most, trained)))


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
