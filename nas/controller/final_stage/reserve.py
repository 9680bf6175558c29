"""Time reserve: the part of a study's time that the search leaves to the final stage and the export."""

from collections.abc import Sequence

from nas.config import StudyConfig
from nas.controller.final_stage.plan import SLACK, cost
from nas.controller.final_stage.stage import terms_of
from nas.trials import Trial
from workers.messages import TaskInfo

MOST, UTMOST = 0.4, 0.6
"""Shares of a time that are left at most to all that follows a search, and to one retraining and the exports alone."""
EXPORT_SECONDS = 1.5
"""What an export takes at most on an idle machine: its check runs in a process of its own, which loads torch."""


def exporting(config: StudyConfig) -> float:
    """Estimate the seconds of the exports."""
    return EXPORT_SECONDS * len(config.artifacts.export) if config.artifacts.export else 0.0


def reserved(config: StudyConfig, task: TaskInfo, contenders: Sequence[Trial], workers: int) -> float:
    """Return the seconds that retraining the dearest of these trials, its baselines and the exports will take."""
    time, written = config.budget.seconds, exporting(config)
    dearest = max(contenders, key=lambda trial: trial.seconds, default=None)
    if not time or dearest is None or not config.final.seeds:
        return min(written, MOST * time)
    terms, alike = terms_of(config, task, workers), [dearest] * config.final.top
    whole = written + SLACK * cost(alike, terms, top=len(alike), seeds=config.final.seeds)
    least = written + SLACK * cost(alike, terms, top=1, seeds=1)
    return min(whole, max(MOST * time, min(least, UTMOST * time)))
