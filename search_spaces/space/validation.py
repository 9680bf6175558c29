"""Validation of a space before anything is sampled from it, the order of its dimensions, and its size."""

import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from search_spaces.candidate import Scalar, Value
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.errors import Problem, SpecError, UnknownName
from search_spaces.expressions import Expression
from search_spaces.space.names import Place, architecture_of, place_of
from search_spaces.space.scope import Inactive, Known, Scope

POINTS = 8
"""Points at which the expressions of a space are tried before it is used."""

MANY = 200_000
"""Combinations of parents beyond which a size is not counted but called infinite."""


def known_of(
    family: str,
    architecture: Mapping[str, Dimension],
    recipe: Mapping[str, Dimension],
    fixed: Mapping[str, Value],
    constraints: Collection[Expression],
) -> Known:
    """Check every name, value and condition of a space, and put parents before children.

    Raises:
        SpecError: lists every mistake, by the name of the dimension.
    """
    try:
        architecture_of(family)
    except UnknownName as error:
        raise SpecError([Problem("family", str(error))]) from error
    dimensions = {**architecture, **recipe}
    _refuse(problem for name in (*dimensions, *fixed) for problem in _name_problems(family, name))
    _refuse((*_section_problems(family, architecture, recipe), *_value_problems(family, dimensions, fixed)))
    known = Known.of(family, _fitting(family, dimensions), fixed)
    _refuse(_expression_problems(known, constraints))
    known = Known.of(family, _parents_first(known), fixed)
    _refuse(islice(_kind_problems(known, constraints), 1))
    return known


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise SpecError(found)


def _name_problems(family: str, name: str) -> list[Problem]:
    try:
        place_of(family, name)
    except SpecError as error:
        return list(error.problems)
    return []


def _section_problems(
    family: str, architecture: Mapping[str, Dimension], recipe: Mapping[str, Dimension]
) -> Iterator[Problem]:
    for name in architecture:
        if place_of(family, name).section != "architecture":
            yield Problem(name, "is a dimension of the recipe, not of the architecture")
    for name in recipe:
        if place_of(family, name).section == "architecture":
            yield Problem(name, "is a dimension of the architecture, not of the recipe")


def _value_problems(family: str, dimensions: Mapping[str, Dimension], fixed: Mapping[str, Value]) -> Iterator[Problem]:
    for name, dimension in dimensions.items():
        if name in fixed:
            yield Problem(name, "is both a dimension and fixed")
        place = place_of(family, name)
        yield from _mistakes(name, place, _samples(dimension))
        if isinstance(dimension, Float) and place.hyperparameter.kind is int:
            yield Problem(name, f"needs whole numbers, got {dimension}")
    for name, value in fixed.items():
        yield from _mistakes(name, place_of(family, name), value if isinstance(value, tuple) else (value,))


def _mistakes(name: str, place: Place, values: tuple[Scalar, ...]) -> Iterator[Problem]:
    mistakes = (place.hyperparameter.mistake(value) for value in values)
    yield from (Problem(name, mistake) for mistake in mistakes if mistake)


def _samples(dimension: Dimension) -> tuple[Scalar, ...]:
    return dimension.options if isinstance(dimension, Choice) else (dimension.low, dimension.high)


def _fitting(family: str, dimensions: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """Read a range of whole numbers as real ones where the hyper-parameter is real: `momentum: 0..1`."""
    return {
        name: dimension.as_float()
        if isinstance(dimension, Int) and place_of(family, name).hyperparameter.kind is float
        else dimension
        for name, dimension in dimensions.items()
    }


def _expression_problems(known: Known, constraints: Collection[Expression]) -> list[Problem]:
    conditions = [(name, dimension.when) for name, dimension in known.dimensions.items() if dimension.when]
    placed = [*conditions, *(("constraints", constraint) for constraint in constraints)]
    unknown = [
        Problem(where, f"{problem.message} in {expression.text!r}", hint=problem.hint)
        for where, expression in placed
        for name in sorted(expression.names)
        for problem in _name_problems(known.family, name)
    ]
    return unknown or _circles(known)


def parents_of(known: Known, name: str) -> tuple[str, ...]:
    """Return the dimensions that decide whether this one is active."""
    place, when = known.places[name], known.dimensions[name].when
    mentioned = (when.names | when.words) if when else frozenset()
    asked = (*([place.parent] if place.parent else []), *([place.counter] if place.counter else []), *sorted(mentioned))
    return tuple(dict.fromkeys(parent for other in asked for parent in known.named(other)))


def _circles(known: Known) -> list[Problem]:
    parents = {name: parents_of(known, name) for name in known.dimensions}
    free: set[str] = set()
    while newly := {name for name in parents if name not in free and free.issuperset(parents[name])}:
        free |= newly
    circular = [name for name in parents if name not in free]
    message = f"circular condition: {', '.join(circular)} wait for each other"
    return [Problem(circular[0], message)] if circular else []


def _kind_problems(known: Known, constraints: Collection[Expression]) -> Iterator[Problem]:
    """Try every condition and constraint at a few points: `norm > 1` compares a text with a number."""
    for seed in range(POINTS):
        rng, chosen = random.Random(seed), dict[str, Scalar]()
        scope = Scope(known, chosen)
        for name, dimension in known.dimensions.items():
            try:
                if scope.active(name):
                    chosen[name] = dimension.sample(rng)
            except SpecError as error:
                yield _within(name, dimension.when, error)
        for constraint in constraints:
            try:
                excess_at(constraint, scope)
            except SpecError as error:
                yield _within("constraints", constraint, error)


def _within(path: str, expression: Expression | None, error: SpecError) -> Problem:
    problem = error.problems[0]
    return Problem(
        path, f"{problem.message} in {expression.text!r}" if expression else problem.message, hint=problem.hint
    )


def excess_at(constraint: Expression, scope: Scope) -> float:
    """Return how far a constraint is from holding; one that needs a value that is not there holds."""
    try:
        return constraint.excess(scope)
    except Inactive:
        return 0.0


def _parents_first(known: Known) -> dict[str, Dimension]:
    ordered: dict[str, Dimension] = {}

    def place(name: str) -> None:
        for parent in parents_of(known, name):
            if parent not in ordered:
                place(parent)
        ordered.setdefault(name, known.dimensions[name])

    for name in known.dimensions:
        place(name)
    return ordered


def size_of(known: Known) -> float:
    """Count the points of a space, whatever its constraints; infinite with an active continuous dimension."""
    names = list(known.dimensions)
    last_use = {parent: index for index, name in enumerate(names) for parent in parents_of(known, name)}
    counts: dict[tuple[tuple[str, Scalar], ...], float] = {(): 1.0}
    for index, name in enumerate(names):
        branching = last_use.get(name, -1) > index
        grown: dict[tuple[tuple[str, Scalar], ...], float] = {}
        for chosen, ways in counts.items():
            kept = tuple((other, value) for other, value in chosen if last_use[other] > index)
            for key, more in _ways(known, name, chosen, kept, branching):
                grown[key] = grown.get(key, 0.0) + ways * more
        counts = grown
        if math.inf in counts.values() or len(counts) > MANY:
            return math.inf
    return sum(counts.values())


def _ways(
    known: Known,
    name: str,
    chosen: tuple[tuple[str, Scalar], ...],
    kept: tuple[tuple[str, Scalar], ...],
    branching: bool,
) -> Iterator[tuple[tuple[tuple[str, Scalar], ...], float]]:
    dimension = known.dimensions[name]
    if not Scope(known, dict(chosen)).active(name):
        yield kept, 1.0
    elif branching and dimension.size <= MANY:
        yield from (((*kept, (name, value)), 1.0) for value in _values(dimension))
    else:
        yield kept, math.inf if branching else dimension.size


def _values(dimension: Dimension) -> Iterator[Scalar]:
    if isinstance(dimension, Choice):
        yield from dimension.options
    elif isinstance(dimension, Int):
        yield from range(dimension.low, dimension.high + 1, dimension.step)
    else:
        yield from (dimension.at(step) for step in range(int(dimension.size)))
