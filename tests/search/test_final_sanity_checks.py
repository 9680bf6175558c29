"""Doubts about a final score: when a retraining has diverged, and when a test score is far worse than validation."""

import math

import pytest

from nas.controller.final_stage.sanity_checks import diverged, far_worse


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize(
    ("test", "expected"), [(2900.0, False), (5900.0, False), (6100.0, True), (3e15, True), (math.nan, True)]
)
def test_a_retraining_without_use_has_diverged_in_every_unit(unit: float, test: float, expected: bool) -> None:
    assert diverged("mse", test=unit * test, validation=unit * 2900, constant=unit * 6000) is expected


def test_a_trial_that_was_no_good_itself_is_not_said_to_diverge_before_it_explodes() -> None:
    assert not diverged("mse", test=30_000.0, validation=6099.0, constant=6000.0)
    assert diverged("mse", test=3e15, validation=6099.0, constant=6000.0)


def test_a_retraining_that_answers_always_the_same_has_diverged() -> None:
    assert diverged("accuracy", test=0.87, validation=0.98, constant=0.87)
    assert not diverged("accuracy", test=0.88, validation=0.98, constant=0.87)
    assert not diverged("accuracy", test=0.87, validation=0.89, constant=0.87)


def test_without_a_baseline_only_what_is_no_number_has_diverged() -> None:
    assert not diverged("mse", test=3e15, validation=6099.0, constant=None)
    assert diverged("mse", test=math.inf, validation=6099.0, constant=None)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_an_error_is_far_worse_beyond_three_standard_errors(unit: float) -> None:
    samples = (266, 88, 88)
    assert not far_worse("mse", validation=unit * 3000, test=unit * 5000, samples=samples)
    assert far_worse("mse", validation=unit * 3000, test=unit * 6000, samples=samples)


def test_many_samples_make_small_differences_sure_but_not_large() -> None:
    samples = (0, 100_000, 100_000)
    assert not far_worse("accuracy", validation=0.90, test=0.89, samples=samples)
    assert far_worse("accuracy", validation=0.90, test=0.87, samples=samples)


def test_few_samples_prove_little() -> None:
    assert not far_worse("accuracy", validation=1.0, test=0.9, samples=(60, 20, 20))
    assert far_worse("accuracy", validation=1.0, test=0.5, samples=(60, 20, 20))


@pytest.mark.parametrize(("metric", "before", "after"), [("r2", 0.9, 0.91), ("loss", 0.5, 0.4), ("auroc", 0.8, 0.9)])
def test_a_better_test_score_is_no_doubt(metric: str, before: float, after: float) -> None:
    assert not far_worse(metric, validation=before, test=after, samples=(60, 20, 20))
