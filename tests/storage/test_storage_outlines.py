"""What a trial comes to in Optuna's tables is known without its curve."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nas.dashboard.optuna_rows import Distribution, View, outline, whole_shadow
from nas.trials import Trial, TrialState

CHANGES: list[dict[str, Any]] = [
    {},
    {"state": TrialState.PRUNED, "values": (), "reason": "pruned"},
    {"state": TrialState.FAIL, "values": (), "curve": (), "epochs": 0},
    {"constraints": {"loss <= 0.1": 0.3}},
    {"reused_from": 3, "curve": (), "epochs": 0},
]


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("metric", ["accuracy", ""])
def test_counts_what_is_written(complete: Callable[..., Trial], metric: str, changes: dict[str, Any]) -> None:
    trial = replace(complete(0), **changes)
    view = View({name: Distribution("{}", lambda _: 0.0) for name in trial.params}, metric, 1)
    shadow = whole_shadow(trial, view)

    found = outline(trial, view)

    assert (found.state, found.finished_at) == (shadow.state, shadow.finished_at)
    assert (found.values, found.params, found.points, found.user) == tuple(
        map(len, (shadow.values, shadow.params, shadow.points, shadow.user))
    )
