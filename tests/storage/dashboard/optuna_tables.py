"""What tests of Optuna's tables share: writing trials there, reading them back, holding them against ours."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import optuna

from nas.config import Objective
from nas.storage import Lease, Storage
from nas.trials import Trial

Maker = Callable[..., Trial]
ACCURACY = (Objective("accuracy", "maximize"),)
BOTH = (*ACCURACY, Objective("parameters", "minimize"))


def run_sql(storage: Storage, *statements: str) -> None:
    with storage.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def save(storage: Storage, lease: Lease, trials: Sequence[Trial]) -> None:
    storage.save(lease, trials=trials, points=[(trial.number, point) for trial in trials for point in trial.curve])


def in_optuna(storage: Storage, name: str = "first") -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(study_name=name, storage=storage.address).get_trials(deepcopy=False)


def assert_same(trial: Trial, shown: optuna.trial.FrozenTrial, metric: str = "accuracy") -> None:
    assert (shown.number, shown.state.name) == (trial.number, trial.state.value)
    assert shown.params == dict(trial.params)
    assert tuple(shown.values or ()) == trial.values
    assert repr(shown.intermediate_values) == repr(
        {point.epoch: point.metrics[metric] for point in trial.curve if metric in point.metrics}
    )
    for ours, theirs in ((trial.started_at, shown.datetime_start), (trial.finished_at, shown.datetime_complete)):
        assert (theirs and theirs.astimezone(UTC)) == ours
    assert_same_attributes(trial, shown.user_attrs)
    assert len(shown.constraints) == len(trial.constraints)


def assert_same_attributes(trial: Trial, shown: dict[str, Any]) -> None:
    for name in ("parameters", "flops", "reason", "seconds", "engine", "fingerprint", "attempt"):
        assert shown[name] == getattr(trial, name)
    assert shown["architecture"] == trial.candidate.architecture.to_json()
    assert shown["recipe"] == trial.candidate.recipe.to_json()
    assert shown.get("reused_from") == trial.reused_from
    assert {name: float(excess) for name, excess in shown.get("constraints", {}).items()} == trial.constraints
