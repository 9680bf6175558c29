"""Hand out a trained trial: its best weights on record, written and verified in a format people use."""

from dataclasses import replace
from pathlib import Path

from nas.config import StudyConfig
from nas.errors import StudyNotFound
from nas.storage import Artifact
from nas.trials import Trial
from workers import exporters
from workers.messages import Checkpoint


def export_trial(
    config: StudyConfig, trial: Trial, final: Artifact | None, format: str, folder: Path
) -> list[Artifact]:
    """Export a trial, retrained weights before those of the search; return its files, the network itself first.

    Raises:
        StudyNotFound: the trial has no weights on record.
        ExportError: the file could not be written, or is not the network it was made from.
    """
    checkpoint = _checkpoint(trial, final)
    candidate = replace(trial.candidate, seed=final.seed) if final else trial.candidate
    exported = exporters.export(format, checkpoint, candidate, config.task, folder)
    return [
        Artifact(
            number=trial.number,
            kind=f"export.{format}",
            path=path,
            sha256=sha256,
            bytes=Path(path).stat().st_size,
            epoch=checkpoint.epoch,
            metrics=dict(exported.metrics),
            seed=candidate.seed,
        )
        for path, sha256 in zip(exported.paths, exported.sha256, strict=True)
    ]


def _checkpoint(trial: Trial, final: Artifact | None) -> Checkpoint:
    if final is not None:
        return Checkpoint(final.path, final.sha256, final.bytes, final.epoch)
    if trial.checkpoint is None:
        raise StudyNotFound(f"trial {trial.number} ({trial.state}) has no weights on record; export a COMPLETE one")
    return trial.checkpoint
