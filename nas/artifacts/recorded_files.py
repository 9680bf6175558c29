"""Files on record: where they are now, whether they are unchanged, and which exports are missing."""

from collections.abc import Sequence
from dataclasses import replace

from nas.artifacts.final_result import KIND
from nas.artifacts.study_folder import own_folder
from nas.config import StudyConfig
from nas.storage import Artifact, StudyRecord
from nas.trials import Trial
from workers import file_store

AVERAGED = 0
"""The seed on record of an export that is the average of several."""


def trials_here(trials: Sequence[Trial], folder: str) -> list[Trial]:
    """Return trials whose checkpoints are where they lie now."""
    return [
        replace(trial, checkpoint=replace(trial.checkpoint, path=file_store.located(trial.checkpoint.path, folder)))
        if trial.checkpoint
        else trial
        for trial in trials
    ]


def artifacts_here(artifacts: Sequence[Artifact], folder: str) -> list[Artifact]:
    """Return artifacts with the places where they lie now."""
    return [replace(item, path=file_store.located(item.path, folder)) for item in artifacts]


def is_lost(artifact: Artifact) -> bool:
    """Return whether a file is gone, or is not as it was written; one that cannot be reached now is not known to be."""
    try:
        return file_store.digest(artifact.path) != artifact.sha256
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True
    except OSError:
        return False


def owed_formats(config: StudyConfig, best: int, artifacts: Sequence[Artifact]) -> tuple[str, ...]:
    """Return the formats in which the best trial shall be exported and, by the files that are there, is not."""
    folder, mine = f"{own_folder(config)}/best/", [item for item in artifacts if item.number == best]
    averaged = config.final.ensemble and sum(item.kind == KIND for item in mine) > 1
    there = {item.kind for item in mine if item.path.startswith(folder) and (item.seed == AVERAGED) == averaged}
    return tuple(format for format in config.artifacts.export if f"export.{format}" not in there)


def owes(record: StudyRecord, config: StudyConfig, artifacts: Sequence[Artifact]) -> bool:
    """Return whether a finished study has lost files that it made, or has not made all that its definition asks for."""
    here = artifacts_here(artifacts, own_folder(config))
    best = record.result.get("best")
    return any(map(is_lost, here)) or (isinstance(best, int) and bool(owed_formats(config, best, here)))
