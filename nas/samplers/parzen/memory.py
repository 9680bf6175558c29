"""Observations of TPE: the points of trials as rows of numbers, and how good they were."""

import math
from collections.abc import Mapping
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from nas.samplers.parzen.axes import Array, Axis
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params

BEST = 25
"""So many trials count as good at most, and never more than a tenth (as in Optuna)."""

Places = NDArray[np.intp]


class Standing(IntEnum):
    """Outcome of a trial, best first."""

    COMPLETE = 0
    PRUNED = 1
    INFEASIBLE = 2
    RUNNING = 3
    FAILED = 4


class Memory:
    """One row a trial, in the order of their numbers; a dimension that was not active is NaN."""

    def __init__(self, axes: Mapping[str, Axis], *, sign: float, metric: str, recent: int) -> None:
        """Begin without a trial; `sign` is -1 where more is better."""
        self._axes, self._sign, self._metric, self._recent = axes, sign, metric, recent
        self.columns = {name: place for place, name in enumerate(axes)}
        self._rows: dict[int, int] = {}
        self._points = np.empty((64, len(axes)))
        self._scores = np.empty((64, 3))  # standing, then what tells trials of one standing apart; less is better
        self._finished = 0

    @property
    def learned_from(self) -> int:
        """Count the trials that there is something to learn from."""
        return self._finished

    def known(self, number: int) -> bool:
        """Return whether this trial was begun."""
        return number in self._rows

    def begin(self, number: int, params: Params) -> None:
        """Remember a trial that runs."""
        row = len(self._rows)
        if row == len(self._points):
            self._points = np.concatenate((self._points, np.empty_like(self._points)))
            self._scores = np.concatenate((self._scores, np.empty_like(self._scores)))
        self._rows[number] = row
        self._points[row] = [
            axis.encode(params[name]) if name in params else math.nan for name, axis in self._axes.items()
        ]
        self._scores[row] = (Standing.RUNNING, 0.0, 0.0)

    def finish(self, trial: Trial) -> None:
        """Remember how a trial ended; a second report of a finished one is ignored."""
        row = self._rows[trial.number]
        if self._scores[row, 0] == Standing.RUNNING:
            self._scores[row] = score = self._score(trial)
            self._finished += score[0] < Standing.RUNNING

    def split(self) -> tuple[Array, Array]:
        """Return the points of the good trials and of all others, each by age; of long studies not all others.

        A stopped trial is worse than any that completed, and better the longer it ran; one that runs is not good.
        """
        shown = self._shown()
        scores = self._scores[shown]
        ended = scores[:, 0] < Standing.RUNNING
        order = np.lexsort((scores[ended, 2], scores[ended, 1], scores[ended, 0]))
        good = shown[ended][order[: min(math.ceil(0.1 * len(order)), BEST)]]
        return self._points[np.sort(good)], self._points[np.setdiff1d(shown, good, assume_unique=True)]

    def _shown(self) -> Places:
        """Return the last trials, and of the earlier ones the best and the running."""
        standings = self._scores[: len(self._rows), 0]
        first = max(0, len(standings) - self._recent)
        shown = np.flatnonzero(standings != Standing.FAILED)
        if not first:
            return shown
        complete = np.flatnonzero(standings == Standing.COMPLETE)
        best = complete[np.argsort(self._scores[complete, 1], kind="stable")[:BEST]]
        kept = np.concatenate((best, np.flatnonzero(standings == Standing.RUNNING)))
        return np.concatenate((np.unique(kept[kept < first]), shown[shown >= first]))

    def _score(self, trial: Trial) -> tuple[float, float, float]:
        excess = sum(excess for excess in trial.constraints.values() if excess > 0)
        finite = all(map(math.isfinite, trial.values))
        complete = trial.state is TrialState.COMPLETE and trial.values and finite
        if not complete and trial.state is not TrialState.PRUNED:
            return (Standing.FAILED, 0.0, 0.0)
        if excess > 0:
            return (Standing.INFEASIBLE, excess, 0.0)
        if complete:
            return (Standing.COMPLETE, self._sign * trial.values[0], 0.0)
        return (Standing.PRUNED, *self._progress(trial))

    def _progress(self, trial: Trial) -> tuple[float, float]:
        value = trial.metrics.get(self._metric, math.nan)
        return (-float(trial.epochs), self._sign * value) if math.isfinite(value) else (1.0, 0.0)
