"""Trials in the order of a metric that the user names."""

from collections.abc import Sequence

from nas.config import Objective
from nas.objectives import measured
from nas.trials import Trial
from search_spaces.errors import UnknownName
from workers.messages import METRIC_DIRECTIONS


def ordered(trials: Sequence[Trial], by: str | None, objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials from best to worst in one metric; in their given order when none is named.

    Raises:
        UnknownName: no trial has measured that.
    """
    if by is None or not trials:
        return list(trials)
    known = {trial.number: measured(trial) for trial in trials}
    having = [trial for trial in trials if by in known[trial.number]]
    if not having:
        raise UnknownName("metric", by, {name for measures in known.values() for name in measures})
    directions = {**METRIC_DIRECTIONS, **{item.metric: item.direction for item in objectives}}
    sign = -1.0 if directions.get(by) == "maximize" else 1.0
    return sorted(having, key=lambda trial: (sign * known[trial.number][by], trial.number))
