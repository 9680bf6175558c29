"""Optuna's tables stay a shadow of ours, whatever was done to them and whoever writes beside us."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import optuna
import pytest
from optuna_tables import ACCURACY, assert_same, in_optuna, run_sql, save

from nas.config import Objective
from nas.dashboard.optuna_study import forget
from nas.dashboard.projection import Projection
from nas.storage import Lease, Storage, StudyRecord
from nas.trials import Trial, TrialState
from search_spaces.space import SearchSpace

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
BROKEN = {
    "sqlite": ["CREATE TRIGGER broken BEFORE INSERT ON trials BEGIN SELECT RAISE(ABORT, 'out of order'); END"],
    "postgresql": [
        "CREATE FUNCTION broken() RETURNS trigger AS 'BEGIN RAISE ''out of order''; END' LANGUAGE plpgsql",
        "CREATE TRIGGER broken BEFORE INSERT ON trials FOR EACH ROW EXECUTE FUNCTION broken()",
    ],
}
MENDED = {"sqlite": "DROP TRIGGER broken", "postgresql": "DROP TRIGGER broken ON trials"}


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
