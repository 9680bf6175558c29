"""The plan of the final stage: what fits in the time that is left, and what is given up first."""

import math

import pytest

from nas.config import Final
from nas.controller.final_stage.plan import FRESH, SLACK, Plan, Terms, cost, cuts, makespan, planned
from nas.trials import Trial
from search_spaces.candidate import Architecture, Candidate, Recipe

TERMS = Terms(samples=(60, 20, 20), workers=1, linear=2.0)

AGAIN = 6 * (10 * 80 + 20 / 3) / (10 * (60 + 20 / 3))
"""Seconds of a retraining on a third more samples, measured once instead of after each of ten epochs."""


def trial(number: int, seconds: float = 6.0, epochs: int = 10) -> Trial:
    return Trial(number, {}, Candidate(Architecture("mlp"), Recipe(), number), seconds=seconds, epochs=epochs)


BEST = [trial(0), trial(1), trial(2), trial(3)]


def plan(left: float, final: Final = Final()) -> Plan:  # noqa: B008  # frozen
    return planned(BEST, final, TERMS, left=left)


def test_trainings_share_the_workers() -> None:
    assert makespan([3, 1, 2], 1) == 6
    assert makespan([3, 1, 2], 2) == 3
    assert makespan([2, 2, 2], 2) == 4
    assert makespan([], 4) == 0


def test_a_stage_costs_its_fresh_seeds_its_retrainings_on_more_samples_and_the_baseline() -> None:
    assert cost(BEST, TERMS, top=3, fresh=2, seeds=3) == pytest.approx(2 + 3 * 2 * 6 + 3 * AGAIN)


def test_longer_retrainings_cost_more() -> None:
    terms = Terms((60, 20, 20), 1, epochs=30)
    assert cost(BEST, terms, top=1, seeds=1) == pytest.approx(6 * (30 * 80 + 20 / 3) / (10 * (60 + 20 / 3)))


def test_a_candidate_alone_is_not_compared() -> None:
    assert cost(BEST[:1], TERMS, top=3, seeds=1) == pytest.approx(2 + AGAIN)
    assert planned(BEST[:1], Final(), TERMS).top == 1


def test_with_all_the_time_everything_is_done() -> None:
    whole = plan(math.inf)
    assert (whole.top, whole.fresh, whole.seeds, whole.linear) == (3, FRESH, 3, True)
    assert cuts(whole, whole) == ""


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (2 + 36 + 3 * AGAIN, (3, 2, 3, True)),
        (2 + 18 + 3 * AGAIN, (3, 1, 3, True)),
        (2 + 12 + 3 * AGAIN, (2, 1, 3, True)),
        (2 + 3 * AGAIN, (1, 0, 3, True)),
        (2 + 2 * AGAIN, (1, 0, 2, True)),
        (2 + AGAIN, (1, 0, 1, True)),
        (AGAIN, (1, 0, 1, False)),
        (2, (1, 0, 0, True)),
        (0, (1, 0, 0, False)),
    ],
)
def test_fresh_seeds_go_first_then_candidates_then_retrainings(
    needed: float, expected: tuple[int, int, int, bool]
) -> None:
    found = plan(SLACK * needed + 0.01)
    assert (found.top, found.fresh, found.seeds, found.linear) == expected
    assert found.seconds <= SLACK * needed + 0.01


def test_a_plan_says_what_it_leaves_out() -> None:
    whole = plan(math.inf)
    assert cuts(plan(SLACK * 45), whole) == "each candidate with 1 fresh seed, not 2"
    assert cuts(plan(SLACK * 19), whole) == "the best 3 are not compared by fresh seeds"


def test_what_the_user_asked_for_is_cut_as_well() -> None:
    assert plan(SLACK * 50, Final(seeds=9, top=1)).seeds == 6
