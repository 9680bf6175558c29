"""Optuna's tables say what ours say, live and whatever was done to them, and its dashboard shows it."""

import json
import math
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from threading import Thread
from typing import Any
from urllib.request import urlopen

import optuna
import pytest
from postgres_server import Server

from nas.config import Objective
from nas.dashboard.optuna_study import forget
from nas.dashboard.projection import Projection, distribution
from nas.dashboard.server import server
from nas.errors import StorageError, StudyNotFound
from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.space import SearchSpace

Maker = Callable[..., Trial]
SHOW = """
import sys
from nas.config import Objective
from nas.dashboard.projection import Projection
from nas.storage import Storage
from search_spaces.space import SearchSpace
from workers.messages import TaskInfo

storage = Storage.open(sys.argv[1])
task = TaskInfo("t", "regression", (1,), 1, (1, 1, 1), ("loss",), "mse", "0" * 64)
study = storage.create(sys.argv[2], {}, task, {})
projection = Projection(storage, study, SearchSpace("s", "mlp", {}, {}), (Objective("loss", "minimize"),))
projection.update([])
print(repr(projection.trouble))
"""
ACCURACY = (Objective("accuracy", "maximize"),)
BOTH = (*ACCURACY, Objective("parameters", "minimize"))
BROKEN = {
    "sqlite": ["CREATE TRIGGER broken BEFORE INSERT ON trials BEGIN SELECT RAISE(ABORT, 'out of order'); END"],
    "postgresql": [
        "CREATE FUNCTION broken() RETURNS trigger AS 'BEGIN RAISE ''out of order''; END' LANGUAGE plpgsql",
        "CREATE TRIGGER broken BEFORE INSERT ON trials FOR EACH ROW EXECUTE FUNCTION broken()",
    ],
}
MENDED = {"sqlite": "DROP TRIGGER broken", "postgresql": "DROP TRIGGER broken ON trials"}


def run_sql(storage: Storage, *statements: str) -> None:
    with storage.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="module")
def template(postgres: Server) -> str:
    """Return the name of a database that has Optuna's tables too: Optuna takes long to make them."""
    url = postgres.database()
    Storage.open(url).close()
    optuna.storages.RDBStorage(url).engine.dispose()
    return url.rpartition("/")[2]


@pytest.fixture
def space() -> SearchSpace:
    return SearchSpace(
        name="small",
        family="mlp",
        architecture={
            "depth": Int(1, 2),
            "width.0": Choice((16, 64)),
            "width.1": Int(16, 128, log=True),
        },
        recipe={
            "optimizer": Choice(("sgd", "adamw")),
            "optimizer.sgd.lr": Float(1e-4, 1e-1, log=True),
            "optimizer.sgd.nesterov": Choice((False, True)),
        },
    )


@pytest.fixture
def projection(storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace) -> Projection:
    return Projection(storage, study, space, ACCURACY)


@pytest.fixture
def trials(running: Maker, complete: Maker) -> list[Trial]:
    """Return one trial of each kind, in all the states a study can show at once."""
    limits = {"parameters <= 200k": 2.0, "flops <= 1M": -1.0}
    bad = Point(1, {"loss": math.nan, "accuracy": math.nan}, 0.1)
    return [
        complete(0),
        running(1, curve=complete(1).curve[:2]),
        complete(2, state=TrialState.PRUNED, values=(), reason="pruned"),
        complete(3, state=TrialState.PRUNED, values=(), curve=(), reason="infeasible", constraints=limits),
        complete(4, state=TrialState.FAIL, values=(), curve=(bad,), reason="nan"),
        running(5, state=TrialState.WAITING, started_at=None),
        complete(6, values=(math.inf,)),
        complete(7, reason="reused", reused_from=0),
        complete(8, constraints={"flops <= 1M": math.inf}),
    ]


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


def test_an_update_may_be_repeated(storage: Storage, projection: Projection, trials: list[Trial]) -> None:
    projection.update(trials)
    projection.update(trials)
    assert len(in_optuna(storage)) == len(trials)


def test_a_new_controller_mends_what_the_last_one_left(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, trials: list[Trial]
) -> None:
    Projection(storage, study, space, ACCURACY).update([replace(trials[0], state=TrialState.RUNNING), *trials[4:6]])
    save(storage, lease, trials)
    Projection(storage, study, space, ACCURACY).update([])
    for trial, shown in zip(trials, sorted(in_optuna(storage), key=lambda shown: shown.number), strict=True):
        assert_same(trial, shown)


def test_trials_that_somebody_asked_for_in_our_study_are_removed(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    projection.update(trials[:5])
    optuna.load_study(study_name="first", storage=storage.address).ask()
    projection.update(trials)
    assert [shown.number for shown in in_optuna(storage)] == list(range(9))


def test_a_running_trial_that_somebody_finished_in_the_dashboard_is_put_right_on_resume(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    projection.update(trials)
    optuna.load_study(study_name="first", storage=storage.address).tell(1, 9.0)
    Projection(storage, study, space, ACCURACY).update([])
    assert_same(trials[1], in_optuna(storage)[1])


def test_a_study_that_somebody_deleted_in_the_dashboard_comes_back(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    projection.update(trials)
    optuna.delete_study(study_name="first", storage=storage.address)
    projection.update(trials[:1])
    assert len(in_optuna(storage)) == len(trials)


def test_a_study_that_somebody_deleted_and_made_again_is_ours_again_only_by_hand(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial], caplog: pytest.LogCaptureFixture
) -> None:
    projection.update(trials)
    optuna.delete_study(study_name="first", storage=storage.address)
    optuna.create_study(study_name="first", storage=storage.address).ask()
    projection.update(trials)
    projection.update(trials)
    assert "not ours" in projection.trouble
    assert [record.name for record in caplog.records].count("nas.dashboard.projection") == 1
    assert len(in_optuna(storage)) == 1


def test_what_optuna_lost_altogether_is_rebuilt(
    storage: Storage, lease: Lease, projection: Projection, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    projection.update(trials)
    run_sql(storage, "DROP TABLE trial_params", "DROP TABLE trial_values")
    projection.rebuild(trials)
    projection.rebuild(trials)
    for trial, shown in zip(trials, in_optuna(storage), strict=True):
        assert_same(trial, shown)


def test_trouble_is_told_once_and_goes_away(
    kind: str,
    storage: Storage,
    study: StudyRecord,
    lease: Lease,
    space: SearchSpace,
    trials: list[Trial],
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    projection = Projection(storage, study, space, ACCURACY, clock=lambda: now[0])
    save(storage, lease, trials)
    projection.update(trials)
    run_sql(storage, *BROKEN[kind])
    for now[0] in (100.0, 101.0, 200.0):
        projection.update([replace(trials[0], number=50)])
    assert "out of order" in projection.trouble
    assert [record.name for record in caplog.records].count("nas.dashboard.projection") == 1
    run_sql(storage, MENDED[kind])
    now[0] = 300.0
    projection.update(trials)
    assert projection.trouble == ""
    assert len(in_optuna(storage)) == len(trials)


def test_a_changed_direction_makes_the_shadow_anew(
    storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace, trials: list[Trial]
) -> None:
    save(storage, lease, trials)
    Projection(storage, study, space, ACCURACY).update(trials)
    Projection(storage, study, space, (Objective("accuracy", "minimize"),)).update(trials)
    shown = optuna.load_study(study_name="first", storage=storage.address)
    assert (shown.direction.name, len(shown.trials)) == ("MINIMIZE", len(trials))


def test_a_forgotten_shadow_is_gone(storage: Storage, projection: Projection, trials: list[Trial]) -> None:
    projection.update(trials)
    forget(storage, "first")
    assert optuna.get_all_study_names(storage.address) == []


def test_a_study_of_somebody_else_is_not_forgotten(storage: Storage) -> None:
    optuna.create_study(study_name="theirs", storage=storage.address)
    forget(storage, "theirs")
    assert optuna.get_all_study_names(storage.address) == ["theirs"]


def test_nothing_of_ours_depends_on_optunas_tables(storage: Storage, projection: Projection) -> None:
    projection.update([])
    assert storage.check() == []


def test_four_processes_may_show_their_studies_in_a_fresh_database_at_once(
    blank: str, script: Callable[..., subprocess.Popen[str]]
) -> None:
    processes = [script(SHOW, blank, f"study-{number}") for number in range(4)]
    assert [process.communicate() for process in processes] == [("''\n", "")] * 4
    assert len(optuna.get_all_study_names(blank)) == 4


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
    shown = distribution(dimension)
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


@pytest.fixture
def address(storage: Storage, lease: Lease, projection: Projection, trials: list[Trial], url: str) -> Iterator[str]:
    save(storage, lease, trials)
    projection.update(trials)
    with server(url, port=0) as running:
        thread = Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def fetch(address: str) -> Any:
    with urlopen(address, timeout=10) as answer:
        return json.loads(answer.read(), parse_constant=pytest.fail)  # a browser reads neither NaN nor Infinity


def test_the_dashboard_lists_the_study(address: str) -> None:
    (study,) = fetch(f"{address}/api/studies")["study_summaries"]
    assert study["study_name"] == "first"


def test_the_dashboard_shows_every_trial_truthfully(address: str, trials: list[Trial]) -> None:
    shown = fetch(f"{address}/api/studies/1")["trials"]
    assert [trial["state"].upper() for trial in shown] == [trial.state.value for trial in trials]
    assert shown[0]["values"] == list(trials[0].values)
    assert [point["step"] for point in shown[0]["intermediate_values"]] == [1, 2, 3]


def test_the_dashboard_shows_constraints_as_numbers(address: str) -> None:
    shown = fetch(f"{address}/api/studies/1")["trials"]
    assert [trial["constraints"] for trial in shown if trial["constraints"]] == [[2.0, -1.0], [sys.float_info.max]]


def test_the_dashboard_serves_its_page(address: str) -> None:
    with urlopen(f"{address}/dashboard", timeout=10) as answer:
        assert b"<html" in answer.read().lower()


def test_a_server_on_a_missing_file_says_so_and_creates_none(tmp_path: Any) -> None:
    with pytest.raises(StudyNotFound, match="no database"):
        server(f"sqlite:///{tmp_path}/none.db", port=0)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_reported(address: str, url: str) -> None:
    with pytest.raises(StorageError, match=r"cannot listen on 127.0.0.1:"):
        server(url, port=int(address.rpartition(":")[2]))


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_a_server_may_listen_on_the_other_loopback(
    storage: Storage, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with server(url, host="::1", port=0) as running:
        assert running.server_port > 0
    assert caplog.text == ""


def test_a_server_beyond_loopback_needs_a_token(storage: Storage, url: str) -> None:
    with pytest.raises(StorageError, match=r"cannot listen on 0.0.0.0: .*--token-file"):
        server(url, host="0.0.0.0", port=0)


def test_params_outside_the_space_are_left_out(
    storage: Storage, lease: Lease, projection: Projection, running: Maker
) -> None:
    params: Params = {**running(0).params, "unknown": 1}
    projection.update([running(0, params=params)])
    assert "unknown" not in in_optuna(storage)[0].params
