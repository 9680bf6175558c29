"""What can be said of a study before it runs: its networks' cost, by sampling; its time, by a moment of training."""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from nas import executors, samplers
from nas.cli._advice import advice
from nas.cli.output import report, words
from nas.completion import completed
from nas.config import StudyConfig
from nas.deciders import deciders
from nas.executors.protocol import Executor
from nas.proposals import Proposals
from nas.sharing import require_usable
from nas.trials import Trial, TrialState
from search_spaces.candidate import Named
from workers.messages import Assignment, EpochMetrics, Job, Outcome, TaskInfo

SAMPLES = 200
_PATIENCE = 2.0
"""Seconds of training after which no further candidate is begun."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What `samples` random candidates of a study told; sizes are of those that may be trained."""

    config: StudyConfig
    task: TaskInfo
    samples: Sequence[Trial]
    epoch_seconds: tuple[float, ...]

    @property
    def infeasible(self) -> float:
        """The share of candidates that would not be trained: over a limit, or no network at all."""
        return sum(trial.state.finished for trial in self.samples) / len(self.samples)

    @property
    def seconds(self) -> float | None:
        """An estimate of the search's wall time if nothing is pruned; None where nothing could be trained."""
        budget, trainable = self.config.budget, 1 - self.infeasible
        limits = [budget.trials * budget.epochs * trainable, float(budget.total_epochs)]
        epochs = min((limit for limit in limits if limit), default=None)
        times = [budget.seconds] if budget.seconds else []
        if epochs is not None and self.epoch_seconds:
            times.append(epochs * statistics.fmean(self.epoch_seconds) / self._workers)
        return min(times, default=None)

    @property
    def _workers(self) -> int:
        match self.config.executor.settings.get("workers", 1):
            case int(workers) if workers > 0:
                return workers
        return len(os.sched_getaffinity(0))

    @property
    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "task": asdict(self.task),
            "space": {"size": self.config.space.size, "dimensions": len(self.config.space.dimensions)},
            "samples": len(self.samples),
            "infeasible": self.infeasible,
            "parameters": _range([trial.parameters for trial in self._trainable]),
            "flops": _range([trial.flops for trial in self._trainable]),
            "estimated_seconds": self.seconds,
        }

    @property
    def told(self) -> dict[str, str]:
        """Return it as names and sentences."""
        sampled = f"of {len(self.samples)} sampled networks"
        notice = advice(self.config, self._trainable)
        return {
            "samples": report.told_samples(self.task),
            "space": report.announced_space(self.config.space),
            "parameters": _told([trial.parameters for trial in self._trainable]),
            "flops": _told([trial.flops for trial in self._trainable]),
            "infeasible": f"{self.infeasible:.1%} {sampled}" if self.infeasible else f"none {sampled}",
            "time": _told_time(self.seconds),
            **({"notice": notice} if notice else {}),
        }

    @property
    def _trainable(self) -> list[Trial]:
        return [trial for trial in self.samples if trial.state is TrialState.WAITING]


def surveyed(config: StudyConfig) -> tuple[StudyConfig, Survey]:
    """Return the study as its task completes it, and what a look at it tells; nothing is recorded.

    Raises:
        SpecError, TaskError: the task cannot be used or lacks a metric that is asked for, or the sampler cannot search
            this space.
    """
    require_usable(config)
    with closing(executors.start(Named("inline"))) as executor:
        task = executor.describe(config.task)
        config = completed(config, task)
        deciders(config)
        sampler = samplers.make(Named("random"), space=config.space, objectives=config.objectives, seed=config.seed)
        samples = Proposals(config, task, sampler).ask(range(SAMPLES))
        return config, Survey(config, task, samples, _timed(config, executor, samples))


def _timed(config: StudyConfig, executor: Executor, samples: Sequence[Trial]) -> tuple[float, ...]:
    """Train candidates for an epoch each while patience lasts; the first warms up and does not count."""
    waiting = [trial for trial in samples if trial.state is TrialState.WAITING]
    random.Random(config.seed).shuffle(waiting)
    until = time.monotonic() + _PATIENCE
    measured: list[float] = []
    with tempfile.TemporaryDirectory(prefix="nas-check-") as folder:
        for trial in waiting:
            measured += _epoch(config, executor, trial, folder)
            if time.monotonic() > until:
                break
    return tuple(measured[1:] or measured)


def _epoch(config: StudyConfig, executor: Executor, trial: Trial, folder: str) -> list[float]:
    job = Job(
        id=trial.number,
        study=config.name,
        task=config.task,
        assignments=(Assignment(trial.number, trial.candidate),),
        epochs=1,
        seed=config.seed,
        folder=folder,
    )
    executor.submit(job)
    seconds: list[float] = []
    ended = False
    while not ended:
        events = executor.poll(_PATIENCE)
        seconds += [event.seconds for event in events if isinstance(event, EpochMetrics)]
        ended = any(isinstance(event, Outcome) for event in events)
    return seconds


def _range(sizes: Sequence[int]) -> dict[str, float] | None:
    if not sizes:
        return None
    return {"low": min(sizes), "median": statistics.median(sizes), "high": max(sizes)}


def _told_time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return f"about {words.duration(seconds)} of training at most; starting and retraining come on top"


def _told(sizes: Sequence[int]) -> str:
    if not sizes:
        return "no sample can be trained"
    return f"{words.number(min(sizes))} to {words.number(max(sizes))}, median {words.number(statistics.median(sizes))}"
