"""Dominance, ranks and fronts, held against their definitions."""

import random

import pytest

from nas.pareto import Point, dominates, front, ranks


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


@pytest.mark.parametrize("coordinates", [1, 2, 3])
def test_the_front_is_what_has_rank_0(coordinates: int) -> None:
    drawn = points(3, 60, coordinates, 6)

    assert front(drawn) == [place for place, rank in enumerate(slow_ranks(drawn)) if rank == 0]


def test_no_points_have_no_front() -> None:
    assert front([]) == []
