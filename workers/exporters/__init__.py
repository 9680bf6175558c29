"""Exporters: one file a format a trained candidate can leave in, each reloaded and compared before it is handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search_spaces.candidate import Candidate
from search_spaces.registry import Menu
from workers.messages import Checkpoint, TaskSpec

EXPORTERS = Menu("workers.exporters", "format")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; the first path is the network itself, the others belong to it."""

    format: str
    paths: tuple[str, ...]
    sha256: tuple[str, ...]
    """Of each path."""
    max_difference: float
    """The largest absolute difference of an output, reloaded against original, on the validation samples; where
    outputs are larger than 1, as a share of the largest, which is as exact as float32 is."""
    metrics: Mapping[str, float]
    """What the reloaded network measures on the validation samples."""


def export(format: str, checkpoint: Checkpoint, candidate: Candidate, task: TaskSpec, folder: Path) -> Exported:
    """Write a trained candidate to a folder, reload what was written and compare it with the original.

    Raises:
        UnknownName: no such format.
        CheckpointError: the weights are missing, altered, or of another network.
        TaskError: the task's samples can no longer be used.
        ExportError: it could not be written, or is not the network it was made from; nothing is left behind.
    """
    EXPORTERS.require(format)
    # torch is loaded only when something is exported
    from workers.exporters._trained import restore
    from workers.exporters._verified import write_verified

    return write_verified(format, restore(checkpoint, candidate, task), Path(folder).absolute())
