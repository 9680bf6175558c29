"""Sanity checks of a final score: diverged retrainings, and test scores far worse than validation."""

import math
from collections.abc import Mapping

from nas.objectives import error_of

EXPLODED = 10.0
"""A retraining with so many times the error that its trial had, and that a constant answer has, has diverged."""
SIGMAS, MARGIN = 3.0, 1.25
"""A test error is far worse if it is so many standard errors, and a quarter, above the validation error."""
SHARES = ("accuracy", "balanced_accuracy", "f1", "auroc")
"""Metrics that are shares of samples, or nearly: their standard error is a binomial's."""
VARIATION: Mapping[str, float] = {"mae": 1.0, "mse": 2.0, "r2": 2.0, "loss": 4.0}
"""Deviation of one sample's error beside the mean of all: absolute errors of a normal law have .76, squared ones 1.4;
those of real data have longer tails, and the cross-entropy of a good classifier lies in a few samples alone."""


def diverged(metric: str, *, test: float, validation: float | None, constant: float | None) -> bool:
    """Return whether a retraining's test score shows that it diverged, although its numbers may be finite.

    It is judged against what the trial had on validation and what a constant answer has on test: many times worse than
    both, or no better than the constant answer where the trial made less than half of its error.
    """
    error = error_of(metric, test)
    if not math.isfinite(error):
        return True
    if validation is None or constant is None or not math.isfinite(error_of(metric, constant)):
        return False
    before, trivial = error_of(metric, validation), error_of(metric, constant)
    return error > EXPLODED * max(before, trivial) or (before < trivial / 2 and error >= trivial)


def far_worse(metric: str, *, test: float, validation: float, samples: tuple[int, int, int]) -> bool:
    """Return whether a test score lies further below the validation score than chance explains."""
    before, after = error_of(metric, validation), error_of(metric, test)
    return after > MARGIN * before and after - before > SIGMAS * _standard_error(metric, before, after, samples)


def _standard_error(metric: str, before: float, after: float, samples: tuple[int, int, int]) -> float:
    """Return the deviation of the difference of two errors, of so many validation and test samples."""
    _, first, second = samples
    counts = math.sqrt(1 / max(first, 1) + 1 / max(second, 1))
    if metric in SHARES:  # two proportions, pooled
        pooled = (before * first + after * second) / max(first + second, 1)
        return math.sqrt(max(pooled * (1 - pooled), 0.0)) * counts
    return VARIATION.get(metric, 2.0) * abs(before) * counts
