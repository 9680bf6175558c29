"""Integrity check, `nas db check`: rows that contradict each other, checkpoints that are missing or altered."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from nas.storage.records import Artifact, StudyRecord
from nas.storage.rows import queries
from nas.trials import Trial, TrialState
from search_spaces.documents.quantities import counted
from search_spaces.plain_text import listed, plain
from workers import file_store
from workers.messages import Checkpoint


def problems_of_studies(connection: Connection, folder: Path) -> Iterator[str]:
    """Check every study; relative paths of files begin at `folder`."""
    for study in queries.read_studies(connection):
        trials = queries.read_trials(connection, study.id, curves="whole")
        artifacts = queries.read_artifacts(connection, study.id)
        own = _own_folder(study, folder)
        for problem in (
            *_of_study(study, trials),
            *_of_trials(study, trials),
            *_of_files(trials, artifacts, own, folder),
        ):
            yield f"study {study.name!r}: {problem}"


def _of_study(study: StudyRecord, trials: list[Trial]) -> Iterator[str]:
    budget = study.config.get("budget")
    limit = budget.get("trials") if isinstance(budget, dict) else None
    trained = sum(trial.trained for trial in trials)
    if isinstance(limit, int) and 0 < limit < trained:
        yield f"it has trained {counted(trained, 'trial')}, its budget allows {limit}"
    best = study.result.get("best")
    incumbent = {trial.number: trial for trial in trials}.get(best) if isinstance(best, int) else None
    if best is not None and not (incumbent and _has_finite_values(incumbent)):
        yield f"its best trial {plain(best)} is not a COMPLETE trial with finite values"
    if study.state in ("FINISHED", "FAILED") and any(not trial.state.finished for trial in trials):
        yield f"it is {study.state}, and has trials that are not finished"


def _of_trials(study: StudyRecord, trials: list[Trial]) -> Iterator[str]:
    for trial in trials:
        for problem in _of_trial(trial, may_run=study.holder is not None or study.state == "RUNNING"):
            yield f"trial {trial.number} {problem}"


def _of_trial(trial: Trial, *, may_run: bool) -> Iterator[str]:
    """Check a trial; one of a study whose controller was killed may still be RUNNING, which a resume sees to."""
    if trial.state is TrialState.RUNNING and not may_run:
        yield "is RUNNING, and its study is not (`nas resume` goes on with it)"
    if (trial.state is TrialState.COMPLETE) != bool(trial.values) and not trial.interrupted:
        yield f"is {trial.state} with {_told(trial.values)}"
    if trial.state.finished and trial.finished_at is None:
        yield f"is {trial.state}, and has no time at which it finished"
    if [point.epoch for point in trial.curve] != list(range(1, len(trial.curve) + 1)):
        yield f"has gaps in its curve: epochs {listed(point.epoch for point in trial.curve)}"


def _own_folder(study: StudyRecord, folder: Path) -> str:
    """Return where a study's files are now, if they were moved with the folder for artifacts."""
    artifacts = study.config.get("artifacts")
    settings = artifacts if isinstance(artifacts, dict) else {}
    place, below = settings.get("folder") or "runs", settings.get("place") or study.name
    return f"{place}/{below}" if file_store.is_remote(str(place)) else str(folder / str(place) / str(below))


def _of_files(trials: list[Trial], artifacts: list[Artifact], own: str, folder: Path) -> Iterator[str]:
    for trial in trials:
        if trial.checkpoint is not None:
            yield from _of_file(f"the checkpoint of trial {trial.number}", trial.checkpoint, own, folder)
    for artifact in artifacts:
        yield from _of_file(f"the {artifact.kind} artifact of trial {artifact.number}", artifact, own, folder)


def _of_file(what: str, file: Checkpoint | Artifact, own: str, folder: Path) -> Iterator[str]:
    path = file_store.located(file.path, own)
    place = path if file_store.is_remote(path) else str(folder / path)
    try:
        if file_store.digest(place) != file.sha256:
            yield f"{what} was altered: {place} does not match its hash"
    except FileNotFoundError:
        yield f"{what} is missing: {place}"
    except IsADirectoryError:
        pass  # an export that is a folder
    except OSError as error:
        yield f"{what} cannot be read: {place}: {error.strerror or error}"


def _has_finite_values(trial: Trial) -> bool:
    return trial.state is TrialState.COMPLETE and all(math.isfinite(value) for value in trial.values)


def _told(values: Sequence[float]) -> str:
    return f"values {listed(values)}" if values else "no value"
