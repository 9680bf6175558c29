"""Every schedule on the menu, and warm-up."""

import math

import pytest

from search_spaces.candidate import Named, Settings
from workers import schedules
from workers.schedules import SCHEDULES, factor_at

NAMES = SCHEDULES.names()


def test_the_menu_has_four_schedules() -> None:
    assert NAMES == ("constant", "cosine", "one_cycle", "step")


@pytest.mark.parametrize("name", NAMES)
def test_a_factor_stays_between_0_and_1(name: str) -> None:
    schedule = schedules.make(Named(name))
    assert all(0 <= schedule.factor(i / 1000) <= 1 for i in range(1001))


def test_constant_is_1() -> None:
    assert schedules.make(Named("constant")).factor(0.7) == 1


def test_step_falls_by_gamma_in_equal_stretches() -> None:
    schedule = schedules.make(Named("step", Settings(steps=1, gamma=0.5)))
    assert [schedule.factor(at) for at in (0.0, 0.49, 0.5, 1.0)] == [1, 1, 0.5, 0.5]


def test_cosine_goes_from_1_over_a_half_to_its_floor() -> None:
    schedule = schedules.make(Named("cosine", Settings(floor=0.2)))
    assert [round(schedule.factor(at), 9) for at in (0.0, 0.5, 1.0)] == [1, 0.6, 0.2]


def test_one_cycle_peaks_where_it_stops_rising() -> None:
    schedule = schedules.make(Named("one_cycle", Settings(rise=0.25, start=0.1, floor=0.01)))
    assert [round(schedule.factor(at), 9) for at in (0.0, 0.25, 1.0)] == [0.1, 1, 0.01]


def test_warm_up_rises_linearly_to_where_the_schedule_begins() -> None:
    schedule = schedules.make(Named("constant"))
    factors = [factor_at(schedule, warmup=0.4, step=step, steps=10) for step in range(10)]
    assert factors == [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 1]


def test_without_warm_up_the_schedule_begins_at_once() -> None:
    schedule = schedules.make(Named("cosine"))
    assert factor_at(schedule, warmup=0.0, step=0, steps=10) == 1


def test_a_training_that_is_all_warm_up_never_reaches_its_rate() -> None:
    schedule = schedules.make(Named("cosine"))
    assert all(0 < factor_at(schedule, warmup=1.0, step=step, steps=5) < 1 for step in range(5))


def test_the_last_step_of_a_cosine_still_learns() -> None:
    schedule = schedules.make(Named("cosine"))
    assert math.isclose(factor_at(schedule, warmup=0.0, step=99, steps=100), 0.000246720, rel_tol=1e-5)
