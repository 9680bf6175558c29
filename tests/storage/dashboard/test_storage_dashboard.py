"""Optuna's tables say of every study and trial what ours say."""

import math
import time
from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna_tables import ACCURACY, BOTH, Maker, assert_same, in_optuna, save

from nas.dashboard.projection import Projection, stored
from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.space import SearchSpace


def test_optuna_reads_every_trial_as_ours(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    projection.update(trials)
    assert projection.trouble == ""
    for trial, shown in zip(trials, in_optuna(storage), strict=True):
        assert_same(trial, shown)


def test_optuna_reads_a_trial_as_ours_all_its_life(
    storage: Storage, lease: Lease, projection: Projection, running: Maker, complete: Maker
) -> None:
    ended = complete(0, constraints={"flops <= 1M": 1.0})
    lives = [running(0, state=TrialState.WAITING, started_at=None), running(0)]
    lives += [running(0, curve=ended.curve[:epochs], seconds=float(epochs)) for epochs in (1, 2)]
    for trial in (*lives, running(0, curve=ended.curve[:2], state=TrialState.WAITING, attempt=2), ended):
        save(storage, lease, [trial])
        projection.update([trial])
        assert_same(trial, in_optuna(storage)[0])


def test_the_study_has_our_name_directions_and_metrics(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, recwarn: pytest.WarningsRecorder
) -> None:
    Projection(storage, study, space, BOTH).update([])
    shown = optuna.load_study(study_name="first", storage=storage.address)
    assert [direction.name for direction in shown.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert shown.metric_names == ["accuracy", "parameters"]


def test_the_best_trial_is_the_same(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials[:3])
    projection.update(trials[:3])
    assert optuna.load_study(study_name="first", storage=storage.address).best_trial.number == 0


def test_with_several_objectives_a_pruned_trial_does_not_break_optunas_sampler(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, complete: Maker
) -> None:
    trials = [complete(number, values=(0.5, float(number))) for number in range(12)]
    trials[3] = replace(trials[3], state=TrialState.PRUNED, values=())
    save(storage, lease, trials)
    Projection(storage, study, space, BOTH).update(trials)
    assert [trial.state.name for trial in in_optuna(storage)][2:5] == ["COMPLETE", "PRUNED", "COMPLETE"]
    sampler = optuna.samplers.TPESampler(seed=0)
    asked = optuna.load_study(study_name="first", storage=storage.address, sampler=sampler).ask()
    assert asked.suggest_float("x", 0, 1) <= 1


def test_the_curve_is_that_of_the_pruning_metric(
    storage: Storage, space: SearchSpace, study: StudyRecord, complete: Maker
) -> None:
    other = storage.create("other", {"pruning": {"metric": "loss"}}, study.task, {})
    save(storage, storage.acquire(other.id), [complete(0)])
    Projection(storage, other, space, ACCURACY).update([complete(0)])
    assert_same(complete(0), in_optuna(storage, "other")[0], "loss")


def test_a_complete_trial_that_optuna_cannot_hold_is_shown_as_failed(
    storage: Storage, lease: Lease, projection: Projection, complete: Maker
) -> None:
    projection.update([complete(0, values=(math.nan,))])
    assert in_optuna(storage)[0].state.name == "FAIL"


def test_the_study_says_how_it_ended_and_what_it_scored(
    storage: Storage, study: StudyRecord, projection: Projection, trials: list[Trial]
) -> None:
    projection.update(trials)
    test: Any = {"metric": "accuracy", "mean": 0.9630, "std": 0.01, "seeds": 2}
    ended = replace(study, state="FINISHED", result={"reason": "trials", "best": 1, "test": test, "r2": float("nan")})
    final = Artifact(1, "final", "a.safetensors", "", 1, epoch=9, metrics={"accuracy": 0.96}, seed=7)
    for state in ("STOPPED", "FINISHED"):
        projection.sum_up(replace(ended, state=state), [final])
    assert projection.trouble == ""
    shown = optuna.load_study(study_name="first", storage=storage.address).user_attrs
    assert (shown["state"], shown["reason"], shown["best"], shown["test"]) == ("FINISHED", "trials", 1, test)
    assert shown["final stage"] == [{"trial": 1, "seed": 7, "epochs": 9, "test": {"accuracy": 0.96}}]


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Int(1, 9, step=2), 5),
        (Int(1, 1000, log=True), 31),
        (Float(0.0, 1.0), 0.25),
        (Float(0.0, 1.0, step=0.1), 0.3),
        (Float(1e-4, 1e-1, log=True), 1e-3),
        (Choice(("relu", "gelu")), "gelu"),
        (Choice((1, 2.5, "1")), "1"),
        (Choice((False, 0, True)), True),
    ],
)
def test_every_dimension_and_its_values_come_back_from_optuna(dimension: Dimension, value: Scalar) -> None:
    shown = stored(dimension)
    theirs = optuna.distributions.json_to_distribution(shown.json)
    found = theirs.to_external_repr(shown.internal(value))
    assert (found, type(found)) == (value, type(value))


def test_a_trial_of_twenty_points_costs_less_than_the_search_can_afford(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, complete: Maker
) -> None:
    projection = Projection(storage, study, space, ACCURACY)
    projection.update([])
    trials = [complete(number, epochs=20) for number in range(256)]
    began = time.process_time()
    projection.update(trials)
    assert (time.process_time() - began) / len(trials) < 0.005  # 0.3 ms on an idle machine
    assert projection.trouble == ""


def test_params_outside_the_space_are_left_out(
    storage: Storage, lease: Lease, projection: Projection, running: Maker
) -> None:
    params: Params = {**running(0).params, "unknown": 1}
    projection.update([running(0, params=params)])
    assert "unknown" not in in_optuna(storage)[0].params
