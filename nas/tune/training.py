"""Ready-made trainable for Tune: trains the candidate of a trial as our own workers do."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ray import tune

from nas.config import StudyConfig
from nas.study_file.load import load
from nas.tune.errors import TrainingFailed
from nas.tune.parameters import candidate, number
from nas.tune.weights import pack, unpack
from search_spaces.space import SearchSpace
from workers.messages import Assignment, Checkpoint, EpochMetrics, Job, Outcome, Saved, TaskSpec
from workers.worker import Worker


def trainable(
    definition: str | os.PathLike[str] | StudyConfig, *, overrides: Sequence[str] = (), device: str = "cpu"
) -> Callable[[dict[str, Any]], None]:
    """Return a function for `tune.Tuner`: it reports every epoch, with a checkpoint where one is due.

    Where trials run, the samples must be readable under the paths that the study names.
    """
    config = definition if isinstance(definition, StudyConfig) else load(definition, overrides=overrides)
    training = _Training(
        study=config.name,
        task=config.task,
        space=config.space,
        epochs=config.budget.epochs,
        seed=config.seed,
        checkpoint_seconds=config.checkpoint_seconds,
        epoch_samples=config.epoch_samples,
        device=device,
    )

    def nas_trainable(parameters: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="nas-") as folder:
            training.run(parameters, Path(folder))

    return nas_trainable


@dataclass(frozen=True, slots=True)
class _Training:
    """Part of a study that a trial needs; it travels to the workers, so no storage and no password is in it."""

    study: str
    task: TaskSpec
    space: SearchSpace
    epochs: int
    seed: int
    checkpoint_seconds: float
    epoch_samples: int
    device: str

    def run(self, parameters: dict[str, Any], folder: Path) -> None:
        """Train to the last epoch, or until Tune ends the trial in a report."""
        packed = tune.get_checkpoint()
        saved, reported = unpack(packed, folder / "restored") if packed else (None, 0)
        job = self._job(parameters, saved, reported, folder)
        for event, checkpoint, ending in _reports(job, _worker(self.device)):
            metrics = {**event.metrics, "seconds": event.seconds, **ending}
            place = folder / f"report-{event.epoch}"
            tune.report(metrics, checkpoint=checkpoint and pack(checkpoint, reported=event.epoch, folder=place))

    def _job(self, parameters: dict[str, Any], saved: Checkpoint | None, reported: int, folder: Path) -> Job:
        """Give the worker one candidate; what Tune knows already is trained again in silence."""
        chosen = candidate(self.space, self.seed, parameters)
        return Job(
            id=0,
            study=self.study,
            task=self.task,
            assignments=(Assignment(number(parameters), chosen, start_epoch=reported, checkpoint=saved),),
            epochs=self.epochs,
            seed=self.seed,
            folder=str(folder / "checkpoints"),
            checkpoint_seconds=self.checkpoint_seconds,
            epoch_samples=self.epoch_samples,
        )


def _reports(job: Job, worker: Worker) -> Iterator[tuple[EpochMetrics, Checkpoint | None, Mapping[str, str]]]:
    """Return what to report, as it happens; the last epoch waits for its weights, and says how training ended.

    Raises:
        TrainingFailed: the candidate cannot be trained.
    """
    last: EpochMetrics | None = None
    for events in worker.train(job):
        saved: Checkpoint | None = None
        for event in events:
            match event:
                case Saved():
                    saved = event.checkpoint
                case EpochMetrics() if event.epoch < job.epochs:
                    yield event, saved, {"engine": ""}
                case EpochMetrics():
                    last = event
                case Outcome(state="FAIL"):
                    raise TrainingFailed(event.reason)
                case Outcome() if last is not None:
                    yield last, event.checkpoint, {"engine": event.engine, "note": event.reason}


@lru_cache(maxsize=1)
def _worker(device: str) -> Worker:
    """Return the worker of this process, which keeps the samples it has loaded for the trials that come after."""
    return Worker(device)
