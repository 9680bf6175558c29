"""Hand out a trained trial: its best weights on record, written and verified in a format people use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nas.errors import FolderUnusable, StudyNotFound
from nas.storage import Artifact, StudyRecord
from nas.study_file import from_json
from nas.trials import Trial
from workers import exporters, files
from workers.errors import ExportError, TaskError
from workers.messages import Checkpoint
from workers.scratch import scratch

DISK_FULL = "checkpoint: disk full"
"""The reason of a trial that was trained, and whose weights found no room."""


def export_trial(record: StudyRecord, trial: Trial, final: Artifact | None, format: str, folder: str) -> list[Artifact]:
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
    try:
        with _at_hand(folder) as here:
            exported = exporters.export(format, checkpoint, candidate, task, here, known=record.task)
            placed = [_placed(Path(path), folder) for path in reversed(exported.paths)][::-1]  # the network last
    except TaskError as error:
        raise TaskError(f"study {record.name!r}: nothing is exported: {error}") from error
    metrics = final.metrics if final else exported.metrics
    return [
        Artifact(
            number=trial.number,
            kind=f"export.{format}",
            path=path,
            sha256=sha256,
            bytes=size,
            epoch=checkpoint.epoch,
            metrics=dict(metrics),
            seed=candidate.seed,
        )
        for (path, size), sha256 in zip(placed, exported.sha256, strict=True)
    ]


@contextmanager
def _at_hand(folder: str) -> Iterator[Path]:
    """Yield where files are written and verified: the folder itself, or a temporary one for one behind an address."""
    if not files.is_remote(folder):
        yield Path(files.absolute(folder))
        return
    with scratch("nas-export-") as here:
        yield here


def _placed(path: Path, folder: str) -> tuple[str, int]:
    """Bring a verified file to its folder; return where it is and its size."""
    size = path.stat().st_size
    if not files.is_remote(folder):
        return str(path), size
    place = f"{folder}/{path.name}"
    try:
        files.write(place, path.read_bytes())
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
