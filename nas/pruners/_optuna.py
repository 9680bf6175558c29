"""Optuna's own pruners, asked on a study in memory, for those that have no cheaper form here."""

import math
from collections.abc import Collection

import optuna
from optuna.pruners import BasePruner, WilcoxonPruner
from optuna.trial import TrialState

from nas.config import Direction
from nas.optuna_adapter import quiet


class OptunaPruner:
    """One of Optuna's pruners, on the curves of one metric; a report costs as much as the study is long.

    A completed trial's value is the last that it reported.
    """

    def __init__(self, pruner: BasePruner, direction: Direction) -> None:
        with quiet():
            sampler = optuna.samplers.RandomSampler(seed=0)
            self._study = optuna.create_study(direction=direction, pruner=pruner, sampler=sampler)
        self._running: dict[int, optuna.Trial] = {}
        self._last: dict[int, float] = {}

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether Optuna would stop the trial."""
        with quiet():
            if number not in self._running:
                self._running[number] = self._study.ask()
            trial = self._running[number]
            trial.report(value, epoch)
            self._last[number] = value
            return trial.should_prune()

    def finish(self, number: int, *, complete: bool) -> None:
        """End Optuna's trial, completed with its last value, or failed where there is none."""
        trial, last = self._running.pop(number, None), self._last.pop(number, math.nan)
        if trial is None:
            return
        with quiet():
            if complete and math.isfinite(last):
                self._study.tell(trial, last)
            else:
                self._study.tell(trial, state=TrialState.FAIL if complete else TrialState.PRUNED)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember all: Optuna does not say what it looks at."""
        return range(1, epochs + 1)


def wilcoxon(*, p_threshold: float, warmup_epochs: int) -> BasePruner:
    """Make Optuna's Wilcoxon pruner."""
    with quiet():
        return WilcoxonPruner(p_threshold=p_threshold, n_startup_steps=warmup_epochs)
