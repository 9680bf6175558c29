"""Dominance, ranks and volumes, held against their definitions."""

import random
from itertools import product

import pytest

from nas.pareto import Point, dominates, front, hypervolume, ranks


def points(seed: int, count: int, coordinates: int, steps: int) -> list[Point]:
    """Draw points on a grid, so that many are equal in some coordinate."""
    rng = random.Random(seed)
    return [tuple(float(rng.randrange(steps)) for _ in range(coordinates)) for _ in range(count)]


def slow_ranks(of: list[Point]) -> list[int]:
    left, result, rank = set(range(len(of))), [0] * len(of), 0
    while left:
        best = {one for one in left if not any(dominates(of[other], of[one]) for other in left)}
        for one in best:
            result[one] = rank
        left, rank = left - best, rank + 1
    return result


def slow_volume(of: list[Point], reference: Point) -> float:
    """Count the unit cells below the reference that a point dominates."""
    cells = product(*(range(int(limit)) for limit in reference))
    return sum(any(all(a <= b for a, b in zip(point, cell, strict=True)) for point in of) for cell in cells)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1.0, 2.0), (1.0, 3.0), True),
        ((1.0, 2.0), (1.0, 2.0), False),
        ((1.0, 3.0), (2.0, 2.0), False),
        ((2.0, 2.0), (1.0, 1.0), False),
    ],
)
def test_a_point_dominates_where_it_is_nowhere_worse_and_somewhere_better(
    first: Point, second: Point, expected: bool
) -> None:
    assert dominates(first, second) is expected


@pytest.mark.parametrize("coordinates", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(10))
def test_ranks_are_those_of_peeling_front_after_front(seed: int, coordinates: int) -> None:
    drawn = points(seed, 60, coordinates, 12)

    assert ranks(drawn) == slow_ranks(drawn)


@pytest.mark.parametrize("seed", range(5))
def test_only_as_many_fronts_are_told_apart_as_asked_for(seed: int) -> None:
    drawn = points(seed, 60, 2, 12)

    assert ranks(drawn, most=2) == [min(rank, 2) for rank in slow_ranks(drawn)]


def test_equal_points_share_the_front_in_their_order() -> None:
    assert front([(1.0, 2.0), (3.0, 3.0), (1.0, 2.0), (2.0, 1.0)]) == [0, 2, 3]


@pytest.mark.parametrize("coordinates", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(10))
def test_the_volume_is_that_of_the_cells_dominated(seed: int, coordinates: int) -> None:
    drawn = points(seed, 25, coordinates, 8)
    reference = tuple([6.0, 7.0, 5.0, 6.0][:coordinates])

    assert hypervolume(drawn, reference) == slow_volume(drawn, reference)


def test_no_points_dominate_no_volume() -> None:
    assert hypervolume([], (1.0, 1.0)) == 0.0


def test_a_point_beyond_the_reference_adds_nothing() -> None:
    assert hypervolume([(2.0, 0.0), (0.5, 0.5)], (1.0, 1.0)) == 0.25
