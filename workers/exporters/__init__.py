"""Exporters: one file a format a trained candidate can leave in, each reloaded and compared before it is handed out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.candidate import Candidate
from workers.exporters._exported import EXPORTERS, Exported, MeasuredOn, Member
from workers.messages import Checkpoint, TaskInfo, TaskSpec

if TYPE_CHECKING:
    from workers.exporters._trained import Samples as Samples

__all__ = ["EXPORTERS", "Exported", "MeasuredOn", "Member", "export", "export_ensemble", "samples_of", "score_ensemble"]


def export(
    format: str,
    checkpoint: Checkpoint,
    candidate: Candidate,
    task: TaskSpec,
    folder: Path,
    *,
    known: TaskInfo | None = None,
    measured_on: MeasuredOn = "validation",
    samples: "Samples | None" = None,
) -> Exported:
    """Write a trained candidate to a folder, reload what was written and compare it with the original.

    Args:
        format: one of the menu.
        checkpoint: where its weights are.
        candidate: what was trained.
        task: what it was trained on; the preparation of inputs is fitted to its samples anew.
        folder: where to write.
        known: what the task held when the candidate was trained; None trusts that it is the same.
        measured_on: the samples that the metrics of the checkpoint are of.
        samples: the task's, where they were read before; see `samples_of`.

    Raises:
        UnknownName: no such format.
        CheckpointError: the weights are missing, altered, or of another network.
        TaskError: the task's samples can no longer be used, or are others than they were.
        ExportError: it could not be written, or is not the network it was made from; nothing is left behind.
    """
    EXPORTERS.require(format)
    # torch is loaded only when something is exported
    from workers.exporters._trained import restore
    from workers.exporters._verified import write_verified

    trained = restore(checkpoint, candidate, task, known, measured_on, samples)
    return write_verified(format, trained, Path(folder).absolute())


def export_ensemble(
    format: str,
    members: Sequence[Member],
    candidate: Candidate,
    task: TaskSpec,
    folder: Path,
    *,
    known: TaskInfo | None = None,
    samples: "Samples | None" = None,
) -> Exported:
    """Write several seeds of a candidate as one network whose outputs are their average; see `export`."""
    EXPORTERS.require(format)
    from workers.exporters._trained import restore_ensemble
    from workers.exporters._verified import write_verified

    trained = restore_ensemble(members, candidate, task, known, samples)
    return write_verified(format, trained, Path(folder).absolute())


def score_ensemble(
    members: Sequence[Member],
    candidate: Candidate,
    task: TaskSpec,
    *,
    known: TaskInfo | None = None,
    samples: "Samples | None" = None,
) -> Mapping[str, float]:
    """Measure the average of several seeds of a candidate on the test samples; raises as `export`."""
    from workers.exporters._trained import restore_ensemble

    return restore_ensemble(members, candidate, task, known, samples).metrics


def samples_of(task: TaskSpec, *, known: TaskInfo | None = None) -> "Samples":
    """Read and prepare a task's samples, for several exports; raise `TaskError` where they are not those `known`."""
    from workers.exporters._trained import read_samples

    return read_samples(task, known)
