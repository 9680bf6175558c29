"""Dominance between points, and the Pareto front; less is better in every coordinate."""

from bisect import bisect_left
from collections.abc import Sequence

Point = tuple[float, ...]


def dominates(first: Point, second: Point) -> bool:
    """Return whether the first point is nowhere worse and somewhere better."""
    return first != second and all(a <= b for a, b in zip(first, second, strict=True))


def front(points: Sequence[Point]) -> list[int]:
    """Return the places of the points that no other dominates, in their order; equal points all stay."""
    if points and len(points[0]) == 1:
        best = min(points)
        return [place for place, point in enumerate(points) if point == best]
    return [place for place, rank in enumerate(ranks(points, most=1)) if rank == 0]


def ranks(points: Sequence[Point], most: int | None = None) -> list[int]:
    """Return each point's rank: 0 on the front, 1 on the front of the others, and so on.

    With `most`, only that many fronts are told apart; what is behind them has rank `most`.
    Efficient non-dominated sort by sequential search (Zhang et al. 2015): in lexicographic order no point is dominated
    by a later one, so each is held against the fronts found so far.
    """
    order = sorted(range(len(points)), key=lambda place: points[place])
    fronts: list[list[Point]] = []
    result = [0] * len(points)
    for place in order:
        rank = _first_open(fronts, points[place])
        if most is not None and rank >= most:
            result[place] = most
            continue
        if rank == len(fronts):
            fronts.append([])
        fronts[rank].append(points[place])
        result[place] = rank
    return result


def _first_open(fronts: Sequence[Sequence[Point]], point: Point) -> int:
    """Return the first front none of whose points dominates this one; a point dominated in one is so in all before."""
    return bisect_left(fronts, True, key=lambda other: not any(dominates(rival, point) for rival in reversed(other)))
