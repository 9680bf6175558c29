"""Reserve: the part of a study's time that the search leaves to what follows it."""

from collections.abc import Sequence

from nas.config import StudyConfig
from nas.final import terms_of
from nas.final_plan import SLACK, cost
from nas.trials import Trial
from workers.messages import TaskInfo

MOST = 0.4
"""Share of a time that is left to the final stage and the exports at most: they do with less where they have to."""
EXPORT_SECONDS = 2.5
"""What an export takes: its check runs in a process of its own, which loads torch."""


def exporting(config: StudyConfig) -> float:
    """Estimate the seconds of the exports."""
    return EXPORT_SECONDS * len(config.artifacts.export) if config.artifacts.export else 0.0


def reserved(config: StudyConfig, task: TaskInfo, contenders: Sequence[Trial], workers: int) -> float:
    """Return the seconds that retraining the dearest of these trials, its baselines and the exports will take."""
    if not config.budget.seconds:
        return 0.0
    wanted = exporting(config)
    dearest = max(contenders, key=lambda trial: trial.seconds, default=None)
    if dearest is not None and config.final.seeds:
        terms = terms_of(config, task, workers)
        alike = [dearest] * config.final.top
        wanted += SLACK * cost(alike, terms, top=len(alike), seeds=config.final.seeds)
    return min(wanted, MOST * config.budget.seconds)
