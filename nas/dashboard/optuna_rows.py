"""Rows of Optuna's tables for one trial of ours: the first version, and later changes."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas.dashboard.optuna_tables import Outline, Shadow
from nas.storage.rows.encoding import dump, dump_numbers, dump_value
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params, Scalar

_ALWAYS = 11
"""How many user attributes every trial has."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Distribution:
    """One dimension as Optuna stores it: its JSON, and the number it writes for a value."""

    json: str
    internal: Callable[[Scalar], float]


@dataclass(frozen=True, slots=True)
class View:
    """The view of a study's trials that Optuna gets."""

    distributions: Mapping[str, Distribution]
    metric: str
    """The metric whose curve is shown; empty for none, as with several objectives."""
    objectives: int


@dataclass(frozen=True, slots=True)
class Seen:
    """State of a trial in Optuna's tables: its id, the last epoch of its curve, and the attributes that may change."""

    id: int
    epoch: int
    user: Mapping[str, str]
    system: Mapping[str, str]


def whole_shadow(trial: Trial, view: View) -> Shadow:
    """Return all of a trial."""
    return Shadow(
        number=trial.number,
        state=_state(trial, view),
        started_at=trial.started_at,
        finished_at=trial.finished_at,
        params=_params(trial.params, view.distributions),
        values=_values(trial, view),
        points=_points(trial, view, after=0),
        user={**_lasting(trial), **changing(trial)},
        system=constraints(trial),
    )


def changed_shadow(trial: Trial, view: View, seen: Seen) -> Shadow:
    """Return what Optuna does not have of a trial yet."""
    return Shadow(
        number=trial.number,
        state=_state(trial, view),
        started_at=trial.started_at,
        finished_at=trial.finished_at,
        values=_values(trial, view),
        points=_points(trial, view, after=seen.epoch),
        user=_new(changing(trial), seen.user),
        system=_new(constraints(trial), seen.system),
    )


def outline(trial: Trial, view: View) -> Outline:
    """Return what the whole shadow of a finished trial comes to; its curve need not have been read."""
    sometimes = (bool(trial.epochs), bool(trial.constraints), trial.reused_from is not None)
    return Outline(
        state=_state(trial, view),
        finished_at=trial.finished_at,
        values=len(_values(trial, view)),
        params=len(trial.params),
        points=trial.epochs if view.metric else 0,
        user=_ALWAYS + sum(sometimes),
    )


def seen(trial: Trial, id: int) -> Seen:
    """Return what Optuna has once a trial is written; of one that has finished no more is kept than is ever needed."""
    if trial.state.finished:
        return Seen(id, trial.curve[-1].epoch if trial.curve else trial.epochs, _NOTHING, _NOTHING)
    return Seen(id, trial.curve[-1].epoch if trial.curve else 0, changing(trial), constraints(trial))


def changing(trial: Trial) -> dict[str, str]:
    """Return the user attributes that change during a trial's life, as JSON."""
    attributes = {
        "reason": dump_value(trial.reason),
        "seconds": dump_value(round(trial.seconds, 6)),
        "cohort_seconds": dump_value(round(trial.cohort_seconds, 6)),
        "engine": dump_value(trial.engine),
        "attempt": dump_value(trial.attempt),
    }
    if trial.curve:
        attributes["metrics"] = dump_numbers(trial.metrics)
    if trial.constraints:
        attributes["constraints"] = dump_numbers(trial.constraints)
    if trial.reused_from is not None:
        attributes["reused_from"] = dump_value(trial.reused_from)
    return attributes


def constraints(trial: Trial) -> dict[str, str]:
    """Return the constraints as the list that both Optuna and its dashboard read; their names are in an attribute.

    Optuna's newer form, an attribute for each constraint, is not known to the dashboard, and with both of them Optuna
    counts every constraint twice. A browser cannot read NaN and infinity: the largest number stands for them.
    """
    if not trial.constraints:
        return {}
    return {"constraints": dump_numbers([_readable(excess) for excess in trial.constraints.values()])}


def _lasting(trial: Trial) -> dict[str, str]:
    return {
        "architecture": dump(trial.candidate.architecture.to_json()),
        "recipe": dump(trial.candidate.recipe.to_json()),
        "seed": dump_value(trial.candidate.seed),
        "parameters": dump_value(trial.parameters),
        "flops": dump_value(trial.flops),
        "fingerprint": dump_value(trial.fingerprint),
    }


def _new(attributes: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in attributes.items() if before.get(key) != value}


def _state(trial: Trial, view: View) -> str:
    """Return the state; COMPLETE without all its values, which Optuna cannot hold, is shown as FAIL."""
    complete = trial.state is TrialState.COMPLETE and not _values(trial, view)
    return TrialState.FAIL.value if complete else trial.state.value


def _values(trial: Trial, view: View) -> Sequence[float]:
    usable = len(trial.values) == view.objectives and not any(math.isnan(value) for value in trial.values)
    return trial.values if usable and trial.state is TrialState.COMPLETE else ()


def _points(trial: Trial, view: View, *, after: int) -> list[tuple[int, float]]:
    metric = view.metric
    return [
        (point.epoch, point.metrics[metric]) for point in trial.curve if point.epoch > after and metric in point.metrics
    ]


def _params(params: Params, distributions: Mapping[str, Distribution]) -> list[tuple[str, float, str]]:
    return [
        (name, distributions[name].internal(value), distributions[name].json)
        for name, value in params.items()
        if name in distributions
    ]


def _readable(excess: float) -> float:
    if math.isfinite(excess):
        return excess
    return -sys.float_info.max if excess == -math.inf else sys.float_info.max
