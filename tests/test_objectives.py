"""From measurements to values, and from trials to the best of them."""

import math
from collections.abc import Mapping

import pytest

from nas.config import Objective
from nas.objectives import excesses, incumbent, measured, ranked, values_of
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Recipe
from search_spaces.errors import NasError
from search_spaces.expressions import Expression

ACCURACY = Objective("accuracy", "maximize")
LOSS = Objective("loss", "minimize")
SIZE = Objective("parameters", "minimize")
CANDIDATE = Candidate(Architecture("mlp"), Recipe(), 0)


def trial(
    number: int,
    *values: float,
    state: TrialState = TrialState.COMPLETE,
    constraints: Mapping[str, float] | None = None,
) -> Trial:
    return Trial(number, {}, CANDIDATE, state, values=values, constraints=constraints or {})


def test_what_was_measured_is_the_last_epoch_the_sizes_and_the_seconds() -> None:
    curve = (Point(1, {"accuracy": 0.1}, 1.0), Point(2, {"accuracy": 0.2}, 1.0))
    whole = Trial(0, {}, CANDIDATE, curve=curve, parameters=10, flops=20, seconds=2.5)

    assert measured(whole) == {"accuracy": 0.2, "parameters": 10, "flops": 20, "seconds": 2.5}


def test_there_is_one_value_per_objective_in_their_order() -> None:
    assert values_of((SIZE, ACCURACY), {"accuracy": 0.9, "parameters": 7}) == (7.0, 0.9)


def test_a_metric_that_is_missing_is_named_with_its_nearest_match() -> None:
    with pytest.raises(NasError, match=r"'acuracy' was not measured.*did you mean 'accuracy'"):
        values_of((Objective("acuracy", "maximize"),), {"accuracy": 0.9, "loss": 1.0})


def test_a_constraint_is_exceeded_by_what_is_over_it() -> None:
    constraints = [Expression.parse("parameters <= 100"), Expression.parse("accuracy >= 0.5")]

    found = excesses(constraints, {"parameters": 130, "accuracy": 0.75})

    assert found == {"parameters <= 100": 30, "accuracy >= 0.5": -0.25}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_excess_of_a_value_that_is_not_finite_is_finite_and_positive(value: float) -> None:
    [excess] = excesses([Expression.parse("loss <= 1")], {"loss": value}).values()

    assert 0 < excess < math.inf


def test_a_constraint_on_something_unmeasured_is_an_error() -> None:
    with pytest.raises(NasError, match=r"'los' was not measured.*did you mean 'loss'"):
        excesses([Expression.parse("los <= 1")], {"loss": 0.5})


@pytest.mark.parametrize(("objective", "best"), [(ACCURACY, 1), (LOSS, 0)])
def test_the_incumbent_is_the_best_in_the_direction_of_the_objective(objective: Objective, best: int) -> None:
    found = incumbent([trial(0, 0.1), trial(1, 0.3), trial(2, 0.2)], (objective,))

    assert found is not None
    assert found.number == best


def test_of_equals_the_lower_number_is_the_incumbent() -> None:
    found = incumbent([trial(5, 0.3), trial(2, 0.3), trial(7, 0.3)], (ACCURACY,))

    assert found is not None
    assert found.number == 2


@pytest.mark.parametrize(
    "weak",
    [
        trial(0, math.inf),
        trial(0, math.nan),
        trial(0),
        trial(0, 0.9, state=TrialState.PRUNED),
        trial(0, 0.9, state=TrialState.FAIL),
        trial(0, 0.9, state=TrialState.RUNNING),
        trial(0, 0.9, constraints={"parameters <= 1": 3.0}),
    ],
    ids=["infinite", "nan", "no value", "pruned", "failed", "running", "infeasible"],
)
def test_only_a_finite_feasible_completed_trial_can_be_the_incumbent(weak: Trial) -> None:
    kept = trial(1, 0.1, constraints={"parameters <= 1": 0.0})

    assert incumbent([weak], (ACCURACY,)) is None
    assert incumbent([weak, kept], (ACCURACY,)) is kept


def test_with_several_objectives_the_incumbent_is_the_end_of_the_front_that_is_best_in_the_first() -> None:
    trials = [trial(0, 0.9, 50.0), trial(1, 0.9, 40.0), trial(2, 0.8, 1.0)]

    assert incumbent(trials, (ACCURACY, SIZE)) is trials[1]


def test_one_by_one_the_incumbent_is_the_same_as_all_at_once() -> None:
    trials = [trial(number, float(number * 7 % 5), float(number * 3 % 4)) for number in range(20)]
    best = None
    for one in trials:
        best = incumbent([one] if best is None else [best, one], (ACCURACY, SIZE))

    assert best is incumbent(trials, (ACCURACY, SIZE))


def test_ranked_lists_the_usable_trials_from_best_to_worst() -> None:
    trials = [trial(0, 0.1), trial(1, math.nan), trial(2, 0.3), trial(3, 0.2)]

    assert [one.number for one in ranked(trials, (ACCURACY,))] == [2, 3, 0]
