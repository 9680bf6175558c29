"""Tune searcher: asked by Tune for trials, it asks our sampler within our budget."""

import json
import os
import re
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.result import AUTO_RESULT_KEYS
from ray.tune.search import Searcher

from nas.config import StudyConfig
from nas.redaction import without_password
from nas.study_file.load import load
from nas.trials import Point
from nas.tune.parameters import is_ours, number, parameters, study
from nas.tune.session import Ending, Session
from nas.tune.weights import keep
from search_spaces.errors import NasError, Problem, SpecError
from workers import file_store

_REPORTS, _SECONDS = "training_iteration", "time_this_iter_s"
_NOT_METRICS = (*AUTO_RESULT_KEYS, "seconds")


class NasSearch(Searcher):
    """A study as Tune's search algorithm, beside `NasScheduler`; the study's budget ends the search.

    The study's lease is held while Tune has trials of it. Only the definition is pickled, without a password: what has
    happened is read from the study's storage, also after `Tuner.restore`.

    Raises:
        SpecError: the definition is wrong; every mistake is listed.
    """

    def __init__(self, definition: str | os.PathLike[str] | StudyConfig, *, overrides: Sequence[str] = ()) -> None:
        super().__init__()
        config = definition if isinstance(definition, StudyConfig) else load(definition, overrides=overrides)
        self.config = _from_any_folder(config)
        self._trouble: NasError | None = None
        self._session: Session | None = None
        self._ender: weakref.finalize[[], NasSearch] | None = None

    # ---- what Tune calls

    def suggest(self, trial_id: str) -> Any:
        """Return the parameters of the next trial; None while there is none, FINISHED when there will be no more."""
        session = self._opened()
        trial = session.suggest(trial_id)
        if trial is not None:
            return parameters(self.config.name, trial)
        if not session.idle:
            return None
        self._conclude()
        return Searcher.FINISHED

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Do nothing: the scheduler has received it before."""
        if self._session is None or not self._session.follows(trial_id):
            raise _misuse("NasSearch goes with NasScheduler")

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Do nothing: the scheduler has received it before."""

    def save(self, checkpoint_path: str) -> None:
        """Write nothing that the storage does not know better."""
        Path(checkpoint_path).write_text(json.dumps({"study": self.config.name}), "utf-8")

    def restore(self, checkpoint_path: str) -> None:
        """Read nothing: what has happened is in the storage."""

    # ---- what the scheduler calls

    def turn(self) -> None:
        """Take the search one turn further; raise what kept the study from being opened in a restore."""
        if self._trouble is not None:
            raise self._trouble
        if self._session is not None:
            self._session.turn()

    def join(self, trial: TuneTrial) -> bool:
        """Join a trial that Tune has queued; return False where it is over on record."""
        if not is_ours(trial.config) or study(trial.config) != self.config.name:
            raise _misuse(f"trial {trial.trial_id} of Tune is not of study {self.config.name!r}")
        try:
            return self._opened().join(trial.trial_id, number(trial.config))
        except NasError as error:
            self._trouble = error  # Tune would log it, and begin anew: it is raised in the next turn
            return True

    def recorded(self, trial: TuneTrial) -> dict[str, Any]:
        """Return the last result of a trial that is over on record, as Tune would have it."""
        known = self._opened().recorded(number(trial.config))
        return {**trial.last_result, **known.metrics, _REPORTS: len(known.curve), "done": True}

    def conclude(self, *, last: bool) -> None:
        """Close the study if Tune asks for no more trials and has none to bring to an end."""
        if last and self._opened().idle:
            self._conclude()

    def report(self, trial: TuneTrial, result: Mapping[str, Any]) -> bool:
        """Record what a trial has reported; return whether it shall stop."""
        return self._opened().report(trial.trial_id, _point(result))

    def end(self, trial: TuneTrial, result: Mapping[str, Any], *, last: bool) -> None:
        """Record that Tune has ended a trial; `last` says that Tune will ask for no more."""
        session = self._opened()
        if _REPORTS in result:
            session.report(trial.trial_id, _point(result))  # a stopper of Tune's keeps it from the scheduler
        session.end(trial.trial_id, _ending(trial, result))
        self.conclude(last=last)

    def fail(self, trial: TuneTrial, reason: str, *, last: bool) -> None:
        """Record that a trial has failed for good."""
        self._opened().fail(trial.trial_id, reason)
        self.conclude(last=last)

    def lose(self, trial: TuneTrial, reason: str) -> None:
        """Record that a trial was lost and will be begun again."""
        self._opened().lose(trial.trial_id, reason)

    # ---- what the user may call

    def close(self) -> None:
        """Close the study now, as the end of the process does: what runs waits for the next run."""
        if self._ender is not None:
            self._ender()
        self._session = None

    def __getstate__(self) -> dict[str, Any]:
        config = replace(self.config, storage=without_password(self.config.storage))
        return {**self.__dict__, "config": config, "_session": None, "_ender": None, "_trouble": None}

    def _opened(self) -> Session:
        if self._session is None:
            self._session = Session.open(self.config)
            self._ender = weakref.finalize(self, self._session.close)
        return self._session

    def _conclude(self) -> None:
        session, self._session = self._opened(), None
        assert self._ender is not None
        self._ender.detach()
        session.conclude()


def _from_any_folder(config: StudyConfig) -> StudyConfig:
    """Return the definition with full paths: a driver may be restored from another folder."""
    artifacts = replace(config.artifacts, folder=file_store.absolute(config.artifacts.folder))
    relative = re.fullmatch(r"(sqlite[^:]*:///)([^/].*)", config.storage)
    storage = f"{relative[1]}{Path(relative[2]).absolute()}" if relative else config.storage
    return replace(config, artifacts=artifacts, storage=storage)


def _ending(trial: TuneTrial, result: Mapping[str, Any]) -> Ending:
    """Return what our own trainable has told of its last epoch; one of the user's tells nothing."""
    engine, note = str(result.get("engine", "tune")), str(result.get("note", ""))
    return Ending(lambda folder: keep(trial.checkpoint, folder), engine, note)


def _point(result: Mapping[str, Any]) -> Point:
    """Return what a result says of the task's metrics; Tune counts the reports, and a report is an epoch."""
    metrics = {
        name: float(value)
        for name, value in result.items()
        if isinstance(value, Real) and not isinstance(value, bool) and not name.startswith("config/")
    }
    seconds = metrics.get("seconds", metrics.get(_SECONDS, 0.0))
    known = {name: value for name, value in metrics.items() if name not in _NOT_METRICS}
    return Point(int(result[_REPORTS]), known, seconds)


def _misuse(message: str) -> SpecError:
    hint = "tune.TuneConfig(search_alg=NasSearch(…), scheduler=NasScheduler())"
    return SpecError([Problem("tune", message, hint=hint)])
