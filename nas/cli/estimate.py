"""What can be said of a study before it runs: its networks' cost, by sampling; what its time buys, by a few steps."""

import os
import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace

from nas import executors
from nas.artifacts.folder_checks import require_usable
from nas.cli.advice import advice
from nas.cli.output import humanize, report
from nas.config import StudyConfig
from nas.controller.budget.fidelity import SEARCH_SHARE, fitted, full_trainings
from nas.controller.budget.survey import Survey, surveyed, timed
from nas.controller.deciders import deciders
from nas.controller.prepare import described
from nas.study_file.task_defaults import completed
from search_spaces.candidate import Named
from workers.messages import TaskInfo


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
        """How many full trainings the study's time buys; None without a time, or where nothing could be timed."""
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

    @property
    def told(self) -> dict[str, str]:
        """Return it as names and sentences."""
        trainable, sampled = self.survey.trainable, f"of {len(self.survey.samples)} sampled networks"
        infeasible, notice = self.survey.infeasible, advice(self.config, trainable)
        return {
            "samples": report.told_samples(self.task),
            "space": report.announced_space(self.config.space),
            "parameters": _told([trial.parameters for trial in trainable]),
            "flops": _told([trial.flops for trial in trainable]),
            "infeasible": f"{infeasible:.1%} {sampled}" if infeasible else f"none {sampled}",
            "epochs": self._told_epochs(),
            "time": self._told_time(),
            **({"notice": notice} if notice else {}),
        }

    def _told_epochs(self) -> str:
        budget = self.config.budget
        epoch = self.survey.epoch_seconds
        why = "as given" if self.given_epochs else "fitted to the samples" + (" and the time" if budget.seconds else "")
        each = f"; about {humanize.duration(epoch)} each" if epoch else ""
        return f"{budget.epochs:,} for a full training, {why}{each}"

    def _told_time(self) -> str:
        budget, bought = self.config.budget, self.trainings
        if bought is None:
            if self.seconds is None:
                return "unknown"
            return f"about {humanize.duration(self.seconds)} of training at most; starting and retraining come on top"
        time = humanize.duration(budget.seconds)
        most = humanize.number(round(bought))
        if bought >= 1:
            return f"{time} buys about {most} full trainings: {most} trials to their end, more with pruning"
        enough = humanize.duration(12 * budget.seconds / max(bought, 1e-3) / SEARCH_SHARE)
        return f"{time} buys not one full training, not one trial to its end: give limits, fewer epochs, or {enough}"


def looked_at(config: StudyConfig) -> Looked:
    """Return the study as its task completes it, and what a look at it tells; nothing is recorded.

    Raises:
        SpecError, TaskError: the task cannot be used or lacks a metric that is asked for, the sampler cannot search
            this space, or nothing in it can be trained.
    """
    require_usable(config)
    with closing(executors.start(Named("inline"))) as executor:
        task = described(executor, config.task)
        config, given = completed(config, task), bool(config.budget.epochs)
        survey = timed(surveyed(config, task), config, executor)
        workers = Looked(config, task, survey, given)._workers
        budget = fitted(config, task, survey.trainable, survey.epoch_seconds, workers)
        config = replace(config, budget=budget)
        deciders(config)
        return Looked(config, task, survey, given)


def _range(sizes: Sequence[int]) -> dict[str, float] | None:
    if not sizes:
        return None
    return {"low": min(sizes), "median": statistics.median(sizes), "high": max(sizes)}


def _told(sizes: Sequence[int]) -> str:
    if not sizes:
        return "no sample can be trained"
    low, median, high = map(humanize.number, (min(sizes), statistics.median(sizes), max(sizes)))
    return f"{low} to {high}, median {median}"
