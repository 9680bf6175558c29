"""Brute force and grid: each point once, and then the end."""

import pytest
from searching import CONDITIONAL, FINITE, NUMERIC, Search

from nas.samplers import SpaceExhausted
from nas.samplers.grid import Grid
from search_spaces.dimensions import Choice, Float, Int


def test_brute_force_proposes_each_point_that_keeps_the_constraints_once() -> None:
    search = Search("brute_force", FINITE)
    search.run(100)

    assert len({tuple(trial.params.items()) for trial in search.trials.values()}) == len(search.trials) == 18


def test_fewer_are_proposed_where_fewer_are_left() -> None:
    assert len(Search("brute_force", FINITE).ask(100)) == 18


def test_nothing_is_proposed_when_nothing_is_left() -> None:
    search = Search("brute_force", FINITE)
    search.ask(18)

    with pytest.raises(SpaceExhausted, match="'finite'"):
        search.ask(1)


def test_the_end_is_known_after_a_rebuild() -> None:
    search = Search("brute_force", FINITE)
    search.ask(18)

    with pytest.raises(SpaceExhausted):
        search.rebuilt().ask([18])


def test_the_order_is_not_that_of_the_options() -> None:
    points = Search("brute_force", FINITE).ask(18)

    assert [point["depth"] for point in points] != sorted(point["depth"] for point in points)


def test_grid_covers_a_continuous_space() -> None:
    search = Search("grid", NUMERIC, points=3)
    search.run(100)

    assert len(search.trials) == 27
    assert {trial.params["depth"] for trial in search.trials.values()} == {1, 3, 6}


def test_grid_tries_only_values_of_the_space() -> None:
    assert all(CONDITIONAL.contains(params) for params in Search("grid", CONDITIONAL, points=4).ask(200))


def test_grid_spaces_values_evenly_on_the_scale_of_the_dimension() -> None:
    grid = Grid(points=3)

    assert grid.values(Float(1e-4, 1e-2, log=True)) == [1e-4, 1e-3, 1e-2]
    assert grid.values(Int(16, 256, log=True)) == [16, 64, 256]
    assert grid.values(Float(0, 1, step=0.1)) == [0.0, 0.5, 1.0]
    assert grid.values(Choice(("a", "b", "c", "d"))) == ("a", "b", "c", "d")


def test_one_point_is_the_middle() -> None:
    assert Grid(points=1).values(Float(0, 1)) == [0.5]
