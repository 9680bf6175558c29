"""From what a worker measured to how a trial ended: its state, its values, its reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nas.config import StudyConfig
from nas.objectives import excesses, values_of
from nas.proposals import needs_training
from nas.trials import Point, Trial, TrialState
from search_spaces.errors import NasError
from workers.messages import Outcome


def judged(config: StudyConfig, trial: Trial, curve: Sequence[Point], outcome: Outcome, stop_reason: str) -> Trial:
    """Return the finished trial; a COMPLETE one whose values are not finite FAILs, so that it can never be the best."""
    seconds = max(outcome.seconds, sum(point.seconds for point in curve))
    ended = replace(
        trial,
        state=TrialState(outcome.state),
        reason=outcome.reason or (stop_reason if outcome.state == "PRUNED" else ""),
        curve=tuple(curve),
        epochs=len(curve),
        seconds=seconds,
        cohort_seconds=trial.cohort_seconds + outcome.cohort_seconds,
        checkpoint=outcome.checkpoint,
        engine=outcome.engine,
        finished_at=datetime.now(UTC),
    )
    return valued(config, ended, outcome.metrics) if ended.state is TrialState.COMPLETE else ended


def valued(config: StudyConfig, trial: Trial, metrics: Mapping[str, float]) -> Trial:
    """Return a COMPLETE trial with its values and constraints, from the metrics of its last epoch; or that it FAILs."""
    sizes = {"parameters": trial.parameters, "params": trial.parameters, "flops": trial.flops, "seconds": trial.seconds}
    try:
        values = values_of(config.objectives, {**metrics, **sizes})
    except NasError as error:
        return replace(trial, state=TrialState.FAIL, reason=f"metric: {error}")
    if not all(map(math.isfinite, values)):
        return replace(trial, state=TrialState.FAIL, reason="nan")
    late = [item for item in config.constraints if needs_training(item)]
    return replace(trial, values=values, constraints={**trial.constraints, **excesses(late, {**metrics, **sizes})})
