"""Export of a trained trial: its best weights on record, written and verified in a portable format."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nas.artifacts.final_result import retrainings
from nas.artifacts.recorded_files import AVERAGED
from nas.config import Final
from nas.errors import FolderUnusable, StudyNotFound
from nas.storage import Artifact, StudyRecord
from nas.study_file.load import from_json
from nas.trials import Trial
from workers import exporters, file_store
from workers.errors import ExportError, TaskError
from workers.exporters import Exported, MeasuredOn, Member
from workers.messages import Checkpoint
from workers.temporary_folders import scratch

if TYPE_CHECKING:
    from workers.exporters import Samples

Write = Callable[[Path], Exported]

DISK_FULL = "checkpoint: disk full"
"""The reason of a trial that was trained, and whose weights found no room."""


def export_best(
    record: StudyRecord,
    trial: Trial,
    retrained: Sequence[Artifact],
    format: str,
    folder: str,
    final: Final,
    samples: "Samples | None" = None,
) -> list[Artifact]:
    """Export the best network of a study: the first of the retrainings, their average, or the search's own weights.

    `samples` are the task's, where they were read before.
    """
    if final.ensemble and len(retrained) > 1:
        return export_ensemble(record, trial, retrained, format, folder, samples)
    return export_trial(record, trial, retrained[0] if retrained else None, format, folder, samples)


def export_trial(
    record: StudyRecord,
    trial: Trial,
    final: Artifact | None,
    format: str,
    folder: str,
    samples: "Samples | None" = None,
) -> list[Artifact]:
    """Export a trial, retrained weights before those of the search; return its files, the network itself first.

    Their metrics are those of samples that the weights were not trained on: test of retrained ones, else validation.

    Raises:
        StudyNotFound: the trial has no weights on record.
        TaskError: the samples of the study's task cannot be used, or have changed since it was searched.
        ExportError: the file could not be written, or is not the network it was made from.
    """
    checkpoint = _checkpoint(trial, final)
    candidate = replace(trial.candidate, seed=final.seed) if final else trial.candidate
    task = from_json(record.config).task
    measured_on: MeasuredOn = "test" if final else "validation"

    def write(here: Path) -> Exported:
        return exporters.export(
            format, checkpoint, candidate, task, here, known=record.task, measured_on=measured_on, samples=samples
        )

    found = _exported(record, write, folder)
    metrics = final.metrics if final else found[0].recorded
    return _artifacts(trial, found, metrics, checkpoint.epoch, candidate.seed)


def export_ensemble(
    record: StudyRecord,
    trial: Trial,
    members: Sequence[Artifact],
    format: str,
    folder: str,
    samples: "Samples | None" = None,
) -> list[Artifact]:
    """Export several retrainings of a trial as one network, their average; its metrics are of the test samples.

    Raises:
        StudyNotFound: there are fewer than two retrainings.
        TaskError, ExportError: as `export_trial`.
    """
    networks, task = networks_of(record, trial, members), from_json(record.config).task

    def write(here: Path) -> Exported:
        return exporters.export_ensemble(
            format, networks, trial.candidate, task, here, known=record.task, samples=samples
        )

    found = _exported(record, write, folder)
    return _artifacts(trial, found, found[0].recorded, members[0].epoch, AVERAGED)


def score_ensemble(
    record: StudyRecord, trial: Trial, members: Sequence[Artifact], samples: "Samples | None" = None
) -> Mapping[str, float]:
    """Measure the average of several retrainings of a trial on the test samples; raises as `export_ensemble`."""
    networks, task = networks_of(record, trial, members), from_json(record.config).task
    return exporters.score_ensemble(networks, trial.candidate, task, known=record.task, samples=samples)


def members_of(artifacts: Sequence[Artifact], number: int) -> list[Artifact]:
    """Return the retrainings of a trial that can be averaged: those of as many epochs as the first."""
    found = retrainings(artifacts, number)
    return [item for item in found if item.epoch == found[0].epoch]


def networks_of(record: StudyRecord, trial: Trial, members: Sequence[Artifact]) -> list[Member]:
    """Return the networks of an ensemble; raise StudyNotFound where there are fewer than two."""
    if len(members) < 2:
        raise StudyNotFound(
            f"an ensemble of trial {trial.number} needs at least 2 retrainings, and study {record.name!r} has "
            f"{len(members)}; `final: {{seeds: 3}}` makes three"
        )
    return [Member(_checkpoint(trial, item), item.seed) for item in members]


def _exported(record: StudyRecord, write: Write, folder: str) -> tuple[Exported, list[tuple[str, int]]]:
    """Write an export to its folder; return it with the place and size of each file."""
    try:
        with _at_hand(folder) as here:
            exported = write(here)
            placed = [_placed(Path(path), folder) for path in reversed(exported.paths)][::-1]  # the network last
    except TaskError as error:
        raise TaskError(f"study {record.name!r}: nothing is exported: {error}") from error
    return exported, placed


def _artifacts(
    trial: Trial,
    found: tuple[Exported, list[tuple[str, int]]],
    metrics: Mapping[str, float],
    epoch: int,
    seed: int,
) -> list[Artifact]:
    exported, placed = found
    return [
        Artifact(trial.number, f"export.{exported.format}", path, sha256, size, epoch, dict(metrics), seed)
        for (path, size), sha256 in zip(placed, exported.sha256, strict=True)
    ]


@contextmanager
def _at_hand(folder: str) -> Iterator[Path]:
    """Yield where files are written and verified: the folder itself, or a temporary one for one behind an address."""
    if not file_store.is_remote(folder):
        yield Path(file_store.absolute(folder))
        return
    with scratch("nas-export-") as here:
        yield here


def _placed(path: Path, folder: str) -> tuple[str, int]:
    """Bring a verified file to its folder; return where it is and its size."""
    size = path.stat().st_size
    if not file_store.is_remote(folder):
        return str(path), size
    place = f"{folder}/{path.name}"
    try:
        file_store.write(place, path.read_bytes())
    except OSError as error:
        raise ExportError(f"{place!r} cannot be written: {error.strerror or error}") from error
    return place, size


def _checkpoint(trial: Trial, final: Artifact | None) -> Checkpoint:
    if final is not None:
        return Checkpoint(final.path, final.sha256, final.bytes, final.epoch)
    if trial.checkpoint is None and trial.reason == DISK_FULL:
        raise FolderUnusable(
            f"the disk was full when trial {trial.number} was to be saved: free some space, then have it retrained: "
            "nas resume NAME --set final.seeds=1"
        )
    if trial.checkpoint is None:
        raise StudyNotFound(f"trial {trial.number} ({trial.state}) has no weights on record; export a COMPLETE one")
    return trial.checkpoint
