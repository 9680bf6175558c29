"""Pruner replay: the values that a resumed study shows its pruner again, only those that still matter."""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Protocol

from nas.pruners import Pruner
from nas.trials import Trial, TrialState

Values = Mapping[int, Sequence[tuple[int, float]]]
"""By the number of a trial, epochs with their values."""


class Reader(Protocol):
    """Reads the pruning metric of trials that are on record, at these epochs, and of these numbers."""

    def __call__(self, *, epochs: Collection[int] | None = None, numbers: Collection[int] | None = None) -> Values:
        """Read them; None is all."""
        ...


def values_to_replay(trials: Sequence[Trial], pruner: Pruner, read: Reader) -> Values:
    """Return what each finished trial must report again so that the pruner decides as if it had reported all.

    What a pruner needs is a few epochs of each trial. A trial that was not a number at one of those, or that has no
    record of it, is read whole: what it reported next may then stand in for it.
    """
    wanted = _wanted(trials, pruner)
    epochs = set[int]().union(*map(set, wanted.values()))
    if not epochs:
        return {}
    found = read(epochs=epochs)
    plain = {number: found.get(number, ()) for number, needed in wanted.items() if needed}
    odd = [number for number, values in plain.items() if _odd(values, wanted[number])]
    return {**plain, **(read(numbers=odd) if odd else {})}


def replay(pruner: Pruner, trial: Trial, values: Sequence[tuple[int, float]]) -> None:
    """Report values of a trial of an earlier run to a pruner, and its end if it has ended."""
    for epoch, value in values:
        pruner.report(trial.number, epoch, value)
    if trial.state.finished:
        pruner.finish(trial.number, complete=trial.state is TrialState.COMPLETE)


def _wanted(trials: Sequence[Trial], pruner: Pruner) -> dict[int, Collection[int]]:
    @cache
    def remembered(epochs: int, complete: bool) -> frozenset[int]:
        return frozenset(pruner.remembered(epochs, complete=complete))

    finished = [trial for trial in trials if trial.state.finished and trial.epochs]
    return {trial.number: remembered(trial.epochs, trial.state is TrialState.COMPLETE) for trial in finished}


def _odd(values: Sequence[tuple[int, float]], needed: Collection[int]) -> bool:
    return len(values) < len(needed) or any(math.isnan(value) for _, value in values)
