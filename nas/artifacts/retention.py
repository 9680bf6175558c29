"""Retention: the best few trials keep their weights, and with several objectives the whole Pareto front."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nas.config import Objective
from nas.objectives import pareto_front, ranked
from nas.storage import Artifact
from nas.trials import Trial
from workers import file_store

OURS = re.compile(
    r"\.?(?:forked-[0-9a-f]{16}-)?(?:search|final)-\d{6}-attempt-\d+[\w-]*\.safetensors(?:\.\w+\.part)?", re.ASCII
)
"""What a worker or a fork calls its checkpoints, and the files that these are first written to; nothing else may go."""
RETRAINING = re.compile(r"final-\d+-[0-9a-f]+-\d+", re.ASCII)
"""What the folder of one retraining is called."""


@dataclass(slots=True)
class RetentionPolicy:
    """Keeps the checkpoints of the best `keep` trials; 0 keeps all."""

    keep: int
    objectives: Sequence[Objective]
    _kept: list[Trial] = field(default_factory=list)

    def put(self, trial: Trial) -> list[Trial]:
        """Add a COMPLETE trial and return the trials whose checkpoints are no longer kept, perhaps itself."""
        self._kept.append(trial)
        if not self.keep or len(self._kept) <= self.keep:
            return []
        order = ranked(self._kept, self.objectives)
        stay = {item.number for item in (*order[: self.keep], *pareto_front(order, self.objectives))}
        leave = [item for item in self._kept if item.number not in stay]
        self._kept = [item for item in self._kept if item.number in stay]
        return leave


def remove_orphans(folder: str, trials: Iterable[Trial]) -> None:
    """Remove checkpoint files that no trial refers to: a controller was killed between writing and forgetting them.

    Only for the holder of the study's lease, before its workers have begun.
    """
    ours = [name for name in file_store.names(folder) if OURS.fullmatch(name)]
    known = {_name(trial.checkpoint.path) for trial in trials if trial.checkpoint}
    file_store.remove([f"{folder}/{name}" for name in ours if name not in known])


def remove_orphaned_retrainings(folder: str, artifacts: Iterable[Artifact]) -> None:
    """Remove what retrainings have left that are not on record: their controller was killed, or they failed."""
    known = {item.path for item in artifacts}
    try:
        folders = file_store.folders(folder)
    except OSError:  # a server that went away; a later run sweeps
        return
    for name in filter(RETRAINING.fullmatch, folders):
        here = f"{folder}/{name}"
        file_store.remove(
            [f"{here}/{one}" for one in file_store.names(here) if OURS.fullmatch(one) and f"{here}/{one}" not in known]
        )
        file_store.remove_empty(here)


def _name(place: str) -> str:
    return place.rpartition("/")[2]
