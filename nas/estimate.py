"""Estimate of a study before it runs: the cost of its networks by sampling, of its time by a few training steps."""

import os
import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace

from nas import executors
from nas.artifacts.folder_checks import not_shared_warning, require_usable
from nas.config import StudyConfig
from nas.controller.budget.fidelity import fitted, full_trainings
from nas.controller.budget.survey import Survey, surveyed, timed
from nas.controller.prepare import described
from nas.policies.pair import pair
from nas.study_file.task_defaults import with_task_defaults
from nas.trials import Trial
from search_spaces.candidate import Named
from workers.messages import TaskInfo

_CORE = 1e11
"""Operations a second of a core, about, in a network large enough for a GPU to matter."""
_GPU = 2e-3
"""Seconds of a training step on a GPU, about, however small the network: its time goes into launching kernels."""
_PASSES = 3
"""A training step's arithmetic, in forward passes."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A study as its task completes it, and what a look at its candidates told."""

    config: StudyConfig
    task: TaskInfo
    survey: Survey
    given_epochs: bool
    """Whether the study says how many epochs a training has."""

    @property
    def seconds(self) -> float | None:
        """An estimate of the search's wall time if nothing is pruned; None where nothing could be timed."""
        budget, epoch = self.config.budget, self.survey.epoch_seconds
        limits = [float(budget.trials * budget.epochs), float(budget.total_epochs)]
        epochs = min((limit for limit in limits if limit), default=None)
        times = [budget.seconds] if budget.seconds else []
        if epochs is not None and epoch is not None:
            times.append(epochs * epoch / self._workers)
        return min(times, default=None)

    @property
    def trainings(self) -> float | None:
        """Number of full trainings that fit into the study's time; None without a time, or where nothing was timed."""
        epoch = self.survey.epoch_seconds
        if not self.config.budget.seconds or epoch is None:
            return None
        return full_trainings(self.config, epoch, self._workers)

    @property
    def _workers(self) -> int:
        match self.config.executor.settings.get("workers", 1):
            case int(workers) if workers > 0:
                return workers
        return len(os.sched_getaffinity(0))

    @property
    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        trainable = self.survey.trainable
        return {
            "task": asdict(self.task),
            "space": {"size": self.config.space.size, "dimensions": len(self.config.space.dimensions)},
            "samples": len(self.survey.samples),
            "infeasible": self.survey.infeasible,
            "parameters": _range([trial.parameters for trial in trainable]),
            "flops": _range([trial.flops for trial in trainable]),
            "epochs": self.config.budget.epochs,
            "epoch_seconds": self.survey.epoch_seconds,
            "estimated_seconds": self.seconds,
            "full_trainings": self.trainings,
        }


def looked_at(config: StudyConfig) -> Looked:
    """Return the study as its task completes it, and what a look at it tells; nothing is recorded.

    Raises:
        SpecError, TaskError: the task cannot be used or lacks a metric that is asked for, the sampler cannot search
            this space, or nothing in it can be trained.
    """
    require_usable(config)
    with closing(executors.start(Named("inline"))) as executor:
        task = described(executor, config.task)
        config, given = with_task_defaults(config, task), bool(config.budget.epochs)
        survey = timed(surveyed(config, task), config, executor)
        workers = Looked(config, task, survey, given)._workers
        budget = fitted(config, task, survey.trainable, survey.epoch_seconds, workers)
        config = replace(config, budget=budget)
        pair(config, seed=config.seed)
        return Looked(config, task, survey, given)


def advice(config: StudyConfig, trials: Sequence[Trial]) -> str:
    """Return what is worth saying of a study, given some of its trials; empty where nothing is."""
    return "; ".join(filter(None, (not_shared_warning(config), _idle(config, trials))))


def faster_on_gpus(operations: float, *, cores: int, gpus: int) -> bool:
    """Return whether steps of so many operations are probably done sooner by the GPUs; a guess, not a measurement."""
    return operations / _CORE / cores > _GPU / gpus if gpus else False


def _idle(config: StudyConfig, trials: Sequence[Trial]) -> str:
    gpus = executors.idle_gpus(config.executor)
    operations = [_PASSES * trial.flops * trial.candidate.recipe.batch_size for trial in trials]
    cores = len(os.sched_getaffinity(0))
    if not operations or not faster_on_gpus(statistics.median(operations), cores=cores, gpus=gpus):
        return ""
    told = "its GPU" if gpus == 1 else f"its {gpus} GPUs"
    return f"networks of this size are probably trained faster by {told}: executor: {{process: {{device: cuda}}}}"


def _range(sizes: Sequence[int]) -> dict[str, float] | None:
    if not sizes:
        return None
    return {"low": min(sizes), "median": statistics.median(sizes), "high": max(sizes)}
