"""Objectives: values and constraint excesses from metrics, and the order of trials by them."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from nas.config import Direction, Objective
from nas.pareto import front
from nas.trials import Trial, TrialState
from search_spaces.errors import NasError, nearest
from search_spaces.expressions import Expression
from search_spaces.network import SIZES
from workers.metric_names import METRIC_DIRECTIONS

RESOURCES = ("parameters", "flops", "seconds")
"""What can be an objective beside metrics, by the names it has in a trial; all are better when smaller."""
SHORT = {"params": "parameters"}
"""Other names that a constraint may call them by."""
KNOWN_BEFORE_TRAINING = frozenset({*SIZES, *SHORT})


class Rankable(Protocol):
    """What trials are ranked by; a `Trial` has it, and a `Standing`."""

    @property
    def number(self) -> int:
        """Its number in the study."""
        ...

    @property
    def state(self) -> TrialState:
        """Whether it has ended, and how."""
        ...

    @property
    def reason(self) -> str:
        """Why it ended so."""
        ...

    @property
    def values(self) -> tuple[float, ...]:
        """One value per objective."""
        ...

    @property
    def feasible(self) -> bool:
        """Tell whether every constraint holds."""
        ...

    @property
    def interrupted(self) -> bool:
        """Tell whether the user's stop has interrupted it."""
        ...


R = TypeVar("R", bound=Rankable)


def measured(trial: Trial) -> dict[str, float]:
    """Return all that objectives and constraints may speak of: the metrics of the last epoch, sizes and seconds."""
    return {**trial.metrics, **resources(trial)}


def resources(trial: Trial) -> dict[str, float]:
    """Return what a trial has beside metrics."""
    return {name: getattr(trial, name) for name in RESOURCES}


def with_short_names(sizes: Mapping[str, float]) -> dict[str, float]:
    """Return sizes by every name that a constraint may call them by."""
    return {**sizes, **{short: sizes[name] for short, name in SHORT.items()}}


def values_of(objectives: Sequence[Objective], measures: Mapping[str, float]) -> tuple[float, ...]:
    """Return one value per objective.

    Raises:
        NasError: something that is optimised was not measured.
    """
    return tuple(_value(objective.metric, measures) for objective in objectives)


def excesses(constraints: Sequence[Expression], measures: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each constraint is exceeded, by its text: always a finite number, ≤ 0 where it holds.

    What is not a number (a NaN metric) exceeds by as much as a number can.

    Raises:
        NasError: a constraint speaks of something that was not measured.
    """
    for constraint in constraints:
        for name in sorted(constraint.names):
            _value(name, measures)
    return {constraint.text: _finite(constraint.excess(measures)) for constraint in constraints}


def usable(trial: Rankable) -> bool:
    """Return whether a trial may be the best: measured and not judged weak, every value finite, every constraint kept.

    That is a COMPLETE trial, or one that the user's stop interrupted and that waits to go on.
    """
    return (
        (trial.state is TrialState.COMPLETE or trial.interrupted)
        and bool(trial.values)
        and all(map(math.isfinite, trial.values))
        and trial.feasible
    )


def losses(trial: Rankable, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """Return the values turned so that less is better for each."""
    turned = zip(trial.values, objectives, strict=True)
    return tuple(-value if objective.direction == "maximize" else value for value, objective in turned)


def incumbent(trials: Iterable[R], objectives: Sequence[Objective]) -> R | None:
    """Return the best usable trial, or None.

    The best is the best of the first objective; among equals the next objective decides, and at last the lower number.
    With several objectives it is therefore the end of the Pareto front that is best in the first objective.
    """
    return min(filter(usable, trials), key=lambda trial: _order(trial, objectives), default=None)


def ranked(trials: Iterable[R], objectives: Sequence[Objective]) -> list[R]:
    """Return the usable trials from best to worst, in the order that `incumbent` chooses by."""
    return sorted(filter(usable, trials), key=lambda trial: _order(trial, objectives))


def pareto_front(trials: Iterable[R], objectives: Sequence[Objective]) -> list[R]:
    """Return the usable trials that no other is better than in every objective, best of the first objective first."""
    order = ranked(trials, objectives)
    return [order[index] for index in sorted(front([losses(trial, objectives) for trial in order]))]


def error_of(metric: str, value: float) -> float:
    """Turn a metric so that 0 is perfect and more is worse: shares and R² as what is missing to 1."""
    return 1.0 - value if METRIC_DIRECTIONS.get(metric) == "maximize" else value


def needs_training(constraint: Expression) -> bool:
    """Return whether a constraint can only be checked once a trial has been trained."""
    return not constraint.names <= KNOWN_BEFORE_TRAINING


def mixed_with_training(constraint: Expression) -> str:
    """Say that a constraint cannot be checked at any one time: a size of the network alone, and what training measures.

    Empty where it can be.
    """
    before = sorted(constraint.names & KNOWN_BEFORE_TRAINING.difference(RESOURCES, SHORT))
    if not before or not needs_training(constraint):
        return ""
    return f"{before[0]!r} is known before training alone: give it a constraint of its own"


def direction_of(metric: str, objectives: Sequence[Objective]) -> Direction:
    """Return which way a measure is better: as an objective says, else as is usual; what is unknown is minimized."""
    return {**METRIC_DIRECTIONS, **{item.metric: item.direction for item in objectives}}.get(metric, "minimize")


def _order(trial: Rankable, objectives: Sequence[Objective]) -> tuple[tuple[float, ...], int]:
    return losses(trial, objectives), trial.number


def _value(name: str, measures: Mapping[str, float]) -> float:
    if name not in measures:
        raise NasError(f"{name!r} was not measured{nearest(name, sorted(measures))}")
    return float(measures[name])


def _finite(excess: float) -> float:
    return sys.float_info.max if math.isnan(excess) else max(min(excess, sys.float_info.max), -sys.float_info.max)
