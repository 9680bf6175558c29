"""Dominance between points, the Pareto front, and the volume it dominates; less is better in every coordinate."""

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


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """Return the volume between the points and a reference they should dominate; exact for any number of coordinates.

    Points that do not dominate the reference add nothing. O(n log n) for two coordinates; three and more are sliced
    along the last one.
    """
    inside = [point for point in points if all(a < b for a, b in zip(point, reference, strict=True))]
    return _volume([inside[place] for place in front(inside)], reference)


def _first_open(fronts: Sequence[Sequence[Point]], point: Point) -> int:
    """Return the first front none of whose points dominates this one; a point dominated in one is so in all before."""
    return bisect_left(fronts, True, key=lambda other: not any(dominates(rival, point) for rival in reversed(other)))


def _volume(points: list[Point], reference: Point) -> float:
    if not points:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(points)[0]
    if len(reference) == 2:
        return _area(points, reference)
    heights = sorted({point[-1] for point in points})
    slices = zip(heights, [*heights[1:], reference[-1]], strict=True)
    return sum(
        (top - bottom) * _volume([point[:-1] for point in points if point[-1] <= bottom], reference[:-1])
        for bottom, top in slices
    )


def _area(points: list[Point], reference: Point) -> float:
    area, ceiling = 0.0, reference[1]
    for x, y in sorted(points):
        if y < ceiling:
            area += (reference[0] - x) * (ceiling - y)
            ceiling = y
    return area
