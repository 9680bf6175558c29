"""A user's own trainable: whatever it does, its trials are recorded as what they were."""

import os
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from tuning import Trainable, fit, opened, study_file

from nas.trials import Trial, TrialState

EPOCHS = 3


def learner() -> Trainable:
    """Return a trainable that does something else in each trial; it travels by value, as one of a script does."""

    def learn(parameters: dict[str, Any]) -> None:
        match parameters["nas"]["trial"]:
            case 0:
                epochs, value = EPOCHS, 0.5
            case 1:
                tune.report({"accuracy": 0.1})
                raise ValueError("no more\nlines")
            case 2:
                return
            case 3:
                epochs, value = EPOCHS - 1, 0.5
            case 4:
                epochs, value = EPOCHS, float("nan")
            case 5:
                raise MemoryError
            case 6:
                os._exit(1)
            case _:
                epochs, value = 10 * EPOCHS, 1 / parameters["depth"]
        for epoch in range(epochs):
            tune.report({"accuracy": value + epoch / 100, "f1": 0.25})

    return learn


@pytest.fixture(scope="module")
def trials(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    study = study_file(tmp_path_factory.mktemp("own"), trials=8, epochs=EPOCHS)
    fit(study, learner())
    return opened(study).trials


def test_one_that_reports_every_epoch_is_complete_with_what_it_reported(trials: list[Trial]) -> None:
    assert (trials[0].state, trials[0].values) == (TrialState.COMPLETE, (0.52,))
    assert [dict(point.metrics) for point in trials[0].curve][-1] == {"accuracy": 0.52, "f1": 0.25}


def test_one_that_raises_has_failed_with_its_words_and_its_curve(trials: list[Trial]) -> None:
    assert (trials[1].state, trials[1].reason) == (TrialState.FAIL, "crash: ValueError: no more lines")
    assert len(trials[1].curve) == 1


def test_one_that_reports_nothing_has_failed(trials: list[Trial]) -> None:
    assert (trials[2].state, trials[2].reason) == (TrialState.FAIL, "metric: nothing was reported")


def test_one_that_ends_early_is_not_complete(trials: list[Trial]) -> None:
    assert (trials[3].state, trials[3].reason, len(trials[3].curve)) == (TrialState.PRUNED, "stopped", EPOCHS - 1)


def test_one_without_a_finite_value_has_failed(trials: list[Trial]) -> None:
    assert (trials[4].state, trials[4].reason) == (TrialState.FAIL, "nan")


def test_one_that_runs_out_of_memory_says_so(trials: list[Trial]) -> None:
    assert (trials[5].state, trials[5].reason) == (TrialState.FAIL, "oom")


def test_one_whose_process_dies_is_lost(trials: list[Trial]) -> None:
    assert (trials[6].state, trials[6].reason) == (TrialState.FAIL, "lost")


def test_one_that_would_go_on_ends_with_the_last_epoch(trials: list[Trial]) -> None:
    assert (trials[7].state, len(trials[7].curve)) == (TrialState.COMPLETE, EPOCHS)
    assert trials[7].values[0] == 1 / int(trials[7].params["depth"]) + (EPOCHS - 1) / 100


def test_a_criterion_of_tune_that_ends_trials_does_not_make_them_complete(cluster: str, tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=1, epochs=EPOCHS)
    fit(study, learner(), stop={"training_iteration": 2})
    (trial,) = opened(study).trials
    assert (trial.state, trial.reason, len(trial.curve)) == (TrialState.PRUNED, "stopped", 2)
