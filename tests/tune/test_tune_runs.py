"""A whole study inside `tune.Tuner`: what is on record of it afterwards, and what can be done with that."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from invariants import invariants
from ray import tune
from tuning import fit, iterations, opened, results_of, study_file

import nas
from nas.storage import Storage
from nas.study import Study
from nas.trials import Trial, TrialState

pytestmark = pytest.mark.usefixtures("cluster")
TRIALS, EPOCHS = 8, 6


@pytest.fixture(scope="module")
def study(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    return study_file(folder, trials=TRIALS, epochs=EPOCHS, pruner="{asha: {first_rung: 2}}", task="digits")


@pytest.fixture(scope="module")
def grid(study: Path) -> tune.ResultGrid:
    return fit(study)


@pytest.fixture(scope="module")
def ran(study: Path, grid: tune.ResultGrid) -> Study:
    return opened(study)


def in_state(study: Study, state: TrialState) -> Iterator[Trial]:
    return (trial for trial in study.trials if trial.state is state)


def test_the_whole_budget_is_run_and_the_study_is_finished(ran: Study) -> None:
    assert len(ran.trials) == TRIALS
    assert ran.record.state == "FINISHED"


def test_all_that_must_hold_holds(ran: Study) -> None:
    invariants(ran.storage, ended=True)


def test_a_trial_that_the_scheduler_stopped_is_pruned_with_its_whole_curve(ran: Study, grid: tune.ResultGrid) -> None:
    pruned = list(in_state(ran, TrialState.PRUNED))
    assert pruned
    for trial in pruned:
        assert (trial.reason, len(trial.curve)) == ("pruned", iterations(grid)[trial.number])
        assert len(trial.curve) < EPOCHS


def test_a_trial_that_came_to_its_end_is_complete_with_its_weights(ran: Study) -> None:
    complete = list(in_state(ran, TrialState.COMPLETE))
    assert complete
    for trial in complete:
        assert trial.values == (trial.curve[-1].metrics["accuracy"],)
        assert trial.checkpoint is not None


def test_trials_are_trained_as_our_own_workers_train_them(ran: Study, study: Path, tmp_path: Path) -> None:
    overrides = [f"storage=sqlite:///{tmp_path}/nas.db", f"artifacts.folder={tmp_path}", "pruner=none"]
    for tuned, own in zip(ran.trials, nas.search(study, overrides=overrides).trials, strict=True):
        assert dict(tuned.params) == dict(own.params)
        drawn = [dict(point.metrics) for point in tuned.curve]
        assert drawn == [dict(point.metrics) for point in own.curve[: len(drawn)]]


def test_the_best_network_can_be_exported(ran: Study, tmp_path: Path) -> None:
    exported = ran.export(tmp_path, formats=["safetensors"])
    assert ran.incumbent is not None
    assert {item.number for item in exported} == {ran.incumbent.number}


def test_the_dashboard_shows_the_same_trials(ran: Study) -> None:
    shown = optuna.load_study(study_name="s", storage=ran.storage).trials
    assert [trial.state.name for trial in shown] == [trial.state.value for trial in ran.trials]
    assert [len(trial.intermediate_values) for trial in shown] == [len(trial.curve) for trial in ran.trials]


def test_another_tuner_goes_on_with_a_study_that_is_given_more_trials(tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=2)
    fit(study)
    before = opened(study).trials
    fit(study, overrides=["budget.trials=3"], name="again")
    assert opened(study).trials[:2] == before
    assert len(opened(study).trials) == 3


def test_a_study_that_tune_asks_for_no_more_of_is_left_stopped(tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=8)
    fit(study, num_samples=2)
    assert (opened(study).record.state, len(opened(study).trials)) == ("STOPPED", 2)
    invariants(opened(study).storage, ended=True)


class KillOnce(tune.Callback):
    """Kills the process of the first trial that has reported twice."""

    def __init__(self) -> None:
        self.killed = False

    def on_trial_result(
        self, iteration: int, trials: object, trial: object, result: dict[str, int], **_: object
    ) -> None:
        if not self.killed and result["training_iteration"] == 3:
            self.killed = True
            os.kill(result["pid"], signal.SIGKILL)


def test_a_trial_whose_process_is_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    study = study_file(tmp_path, task="digits", batch_size=4, trials=1, epochs=8)
    (result,) = results_of(fit(study, callbacks=[KillOnce()], failures=1))
    (trial,) = opened(study).trials
    assert (trial.state, trial.attempt, len(trial.curve)) == (TrialState.COMPLETE, 2, 8)
    assert result.metrics is not None
    assert result.metrics["iterations_since_restore"] < 8
    invariants(opened(study).storage, ended=True)


class StopAt(tune.Callback):
    """Asks the study to stop, as `nas stop` does, when any trial has reported so often."""

    def __init__(self, storage: str, reports: int) -> None:
        self.storage, self.reports = storage, reports

    def on_trial_result(
        self, iteration: int, trials: object, trial: object, result: dict[str, int], **_: object
    ) -> None:
        if result["training_iteration"] == self.reports:
            with Storage.open(self.storage) as storage:
                storage.request("s")


def test_a_study_that_is_asked_to_stop_is_left_with_trials_that_wait(tmp_path: Path) -> None:
    study = study_file(tmp_path, task="digits", batch_size=2, trials=4, epochs=2000)  # more than a second takes
    fit(study, callbacks=[StopAt(opened(study).storage, 2)])
    assert opened(study).record.state == "STOPPED"
    assert {trial.state for trial in opened(study).trials} <= {TrialState.WAITING, TrialState.COMPLETE}
    invariants(opened(study).storage, ended=True)
