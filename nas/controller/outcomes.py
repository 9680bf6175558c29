"""Outcomes: turn what a worker measured into a finished or interrupted trial: its state, values and reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nas.config import StudyConfig
from nas.objectives import excesses, needs_training, resources, values_of, with_short_names
from nas.trials import Point, Trial, TrialState
from search_spaces.errors import NasError
from workers.messages import Outcome


def trial_from_outcome(
    config: StudyConfig, trial: Trial, curve: Sequence[Point], outcome: Outcome, stop_reason: str
) -> Trial:
    """Return the finished trial; a COMPLETE one whose values are not finite FAILs, so that it can never be the best.

    One that was ended before its last epoch, for `stop_reason`, is COMPLETE with what its last epoch measured.
    """
    state, reason = TrialState.COMPLETE, outcome.reason
    if outcome.state == "ENDED":
        state, reason = (TrialState.COMPLETE if curve else TrialState.PRUNED), stop_reason
    elif outcome.state != "COMPLETE":
        state = TrialState(outcome.state)
        reason = outcome.reason or (stop_reason if state is TrialState.PRUNED else "")
    ended = replace(with_costs(trial, curve, outcome), state=state, reason=reason, finished_at=datetime.now(UTC))
    metrics = curve[-1].metrics if outcome.state == "ENDED" and curve else outcome.metrics
    return with_values(config, ended, metrics) if state is TrialState.COMPLETE else ended


def interrupted_trial(config: StudyConfig, trial: Trial, curve: Sequence[Point], outcome: Outcome) -> Trial:
    """Return a trial that the user's stop has interrupted: WAITING.

    It has the values of its last epoch if its weights of that epoch are kept.
    """
    checkpoint = outcome.checkpoint or trial.checkpoint
    waiting = replace(with_costs(trial, curve, outcome), state=TrialState.WAITING, reason="stop", checkpoint=checkpoint)
    if not curve or checkpoint is None or checkpoint.epoch != len(curve):
        return waiting
    result = with_values(config, replace(waiting, state=TrialState.COMPLETE), curve[-1].metrics)
    return replace(waiting, values=result.values, constraints=result.constraints)


def with_costs(trial: Trial, curve: Sequence[Point], outcome: Outcome) -> Trial:
    """Return a trial with what its training has cost and left."""
    return replace(
        trial,
        curve=tuple(curve),
        epochs=len(curve),
        seconds=max(outcome.seconds, sum(point.seconds for point in curve)),
        cohort_seconds=trial.cohort_seconds + outcome.cohort_seconds,
        checkpoint=outcome.checkpoint,
        engine=outcome.engine,
    )


def with_values(config: StudyConfig, trial: Trial, metrics: Mapping[str, float]) -> Trial:
    """Return a COMPLETE trial with its values and constraints, from the metrics of its last epoch; or that it FAILs."""
    sizes = with_short_names(resources(trial))
    try:
        values = values_of(config.objectives, {**metrics, **sizes})
    except NasError as error:
        return replace(trial, state=TrialState.FAIL, reason=f"metric: {error}")
    if not all(map(math.isfinite, values)):
        return replace(trial, state=TrialState.FAIL, reason="nan")
    late = [item for item in config.constraints if needs_training(item)]
    return replace(trial, values=values, constraints={**trial.constraints, **excesses(late, {**metrics, **sizes})})
