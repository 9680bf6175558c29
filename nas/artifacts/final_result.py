"""Result of a final stage: the chosen trial, its test score, the baselines, and warnings about it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nas.config import Objective
from nas.objectives import R, error_of, incumbent
from nas.storage import Artifact, StudyRecord
from nas.trials import Trial

KIND = "final"
"""The kind of artifact that a retraining leaves."""


@dataclass(frozen=True, slots=True)
class TestScore:
    """Test score of the best network, on samples that the search never saw; `std` is the sample standard deviation."""

    metric: str
    mean: float
    std: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Validation result of a candidate's fresh seeds: their mean, and how many of them failed."""

    number: int
    mean: float | None
    seeds: int
    failed: int


@dataclass(frozen=True, slots=True)
class FinalResult:
    """Result of a final stage."""

    best: Trial
    retrained: Sequence[Artifact] = ()
    """The sound retrainings of the best trial."""
    failed: int = 0
    """How many of its retrainings failed."""
    own: Mapping[str, float] | None = None
    """Test metrics of the search's own weights, where no retraining was scored."""
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Test metrics of the constant and the linear model."""
    compared: Sequence[Compared] = ()
    """The candidates that fresh seeds chose among, in the order of the search."""
    warnings: Sequence[str] = ()

    def test(self, metric: str) -> TestScore | None:
        """Sum up the test score in one metric; None where nothing was scored."""
        if self.retrained:
            return score(self.retrained, self.best.number, metric)
        if self.own is not None and metric in self.own:
            return TestScore(metric, self.own[metric], 0.0, 1)
        return None


def concluded(record: StudyRecord) -> bool:
    """Return whether a study's result is that of its last run: it is finished, or stopped and owes its export alone.

    Where another run came after it, with more trials, the result is of before.
    """
    wall = record.result.get("wall")
    owes = record.state == "STOPPED" and isinstance(wall, float) and math.isclose(wall, record.seconds, abs_tol=1e-3)
    return record.state == "FINISHED" or owes


def chosen(record: StudyRecord, trials: Sequence[R], objectives: Sequence[Objective]) -> R | None:
    """Return the trial that is handed out: the choice of the final stage, before that the incumbent."""
    number = record.result.get("best") if concluded(record) else None
    return next((trial for trial in trials if trial.number == number), None) or incumbent(trials, objectives)


def retrainings(artifacts: Sequence[Artifact], number: int) -> list[Artifact]:
    """Return the retrainings of a trial; the first is the one that is exported."""
    return [item for item in artifacts if item.kind == KIND and item.number == number]


def score(artifacts: Sequence[Artifact], number: int, metric: str) -> TestScore | None:
    """Sum up a trial's retrainings in one metric; None where there are none."""
    values = [item.metrics[metric] for item in artifacts if item.number == number and metric in item.metrics]
    if not values:
        return None
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return TestScore(metric, statistics.fmean(values), spread, len(values))


def beaten_by(result: Mapping[str, Any]) -> list[str]:
    """Name the baselines that the test score of a study's result is no better than, by its own metric."""
    test = result.get("test")
    if not test:
        return []
    metric, error = test["metric"], error_of(test["metric"], test["mean"])
    known = {name: metrics.get(metric) for name, metrics in result.get("baselines", {}).items()}
    return [name for name, value in known.items() if value is not None and not error < error_of(metric, value)]
