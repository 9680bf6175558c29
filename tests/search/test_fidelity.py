"""The epochs of a full training fit the samples and the time, unless the study gives them."""

from dataclasses import replace

import pytest
from scripted import TASK, Bench, ScriptedExecutor

from nas.config import Budget
from nas.controller.budget.fidelity import FEWEST, MOST, TRAININGS, epochs_of_steps, full_trainings
from nas.study_file.load import difference, from_json


@pytest.mark.parametrize(
    ("train", "batch", "epochs"),
    [
        (100, 32, MOST),  # a small set is not measured more often than that
        (19_000, 64, 11),
        (48_000, 32, 6),  # in three parts of 16 000 samples: two passes
        (2_000_000, 16, FEWEST),
    ],
)
def test_a_full_training_has_a_few_thousand_steps(train: int, batch: int, epochs: int) -> None:
    task = replace(TASK, samples=(train, 10, 10))
    assert epochs_of_steps(task, 20_000, [batch]) == epochs


def test_a_time_pays_for_a_dozen_full_trainings(bench: Bench) -> None:
    executor = ScriptedExecutor(epoch_seconds=1.0, capacity=2)
    config = bench.config(budget=Budget(trials=3, seconds=120.0))
    bench.run(executor, config, clock=lambda: 0.0)
    begun = from_json(bench.record.config)
    assert 2 * FEWEST < begun.budget.epochs < MOST
    assert full_trainings(begun, 1.0, 2) >= TRAININGS


def test_given_epochs_are_left_as_they_are(bench: Bench) -> None:
    config = bench.config(budget=Budget(trials=1, epochs=9, seconds=20.0))
    bench.run(ScriptedExecutor(epoch_seconds=1.0), config, clock=lambda: 0.0)
    assert from_json(bench.record.config).budget.epochs == 9


def test_epochs_are_chosen_once_and_a_study_goes_on_with_them(bench: Bench) -> None:
    config = bench.config(budget=Budget(trials=1, seconds=120.0))
    bench.run(ScriptedExecutor(epoch_seconds=1.0), config, clock=lambda: 0.0)
    chosen = from_json(bench.record.config).budget.epochs
    assert difference(from_json(bench.record.config), config) == ()
    more = replace(config, budget=Budget(trials=2, seconds=240.0))
    bench.run(ScriptedExecutor(epoch_seconds=0.1), more, clock=lambda: 0.0)
    assert from_json(bench.record.config).budget.epochs == chosen
    assert {trial.epochs for trial in bench.trials} == {chosen}


def test_a_budget_of_epochs_is_enough_for_one_training(bench: Bench) -> None:
    bench.run(ScriptedExecutor(), bench.config(budget=Budget(trials=0, total_epochs=7)))
    assert [trial.epochs for trial in bench.trials] == [7]
