"""Nodes of an expression: each evaluates to a value, and says how far it is from holding."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search_spaces.candidate import Scalar, Value
from search_spaces.errors import Problem, SpecError, nearest
from search_spaces.plain_text import quoted

Values = Mapping[str, Value]

MISSED = 1e-9
"""The excess of a strict comparison whose sides are equal."""


class Node(Protocol):
    """A part of an expression."""

    def value(self, values: Values) -> Value:
        """Compute it."""
        ...

    def children(self) -> Sequence["Node"]:
        """Return its parts."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true or false."""

    literal: Scalar

    def value(self, values: Values) -> Value:
        """Return itself."""
        return self.literal

    def children(self) -> Sequence[Node]:
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class Name:
    """The value of a dimension or metric."""

    name: str

    def value(self, values: Values) -> Value:
        """Look it up."""
        if self.name not in values:
            raise wrong(f"unknown name {self.name!r}{nearest(self.name, sorted(values))}")
        return values[self.name]

    def children(self) -> Sequence[Node]:
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word compared with something: a name if there is one, else the text itself (`norm == group`)."""

    word: str

    def value(self, values: Values) -> Value:
        """Look it up, or return the word."""
        return values.get(self.word, self.word)

    def children(self) -> Sequence[Node]:
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class Group:
    """The options right of `in`."""

    items: tuple[Node, ...]

    def value(self, values: Values) -> Value:
        """Compute every item."""
        return tuple(scalar(item.value(values)) for item in self.items)

    def children(self) -> Sequence[Node]:
        """Return the items."""
        return self.items


@dataclass(frozen=True, slots=True)
class Operation:
    """Two numbers and an arithmetic sign between them."""

    sign: str
    left: Node
    right: Node

    def value(self, values: Values) -> Value:
        """Compute it; a division by zero is not a number."""
        left, right = number(self.left.value(values), self.sign), number(self.right.value(values), self.sign)
        try:
            return _ARITHMETIC[self.sign](left, right)
        except ZeroDivisionError:
            return math.nan
        except OverflowError:
            return math.inf

    def children(self) -> Sequence[Node]:
        """Return both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and a comparison between them."""

    sign: str
    left: Node
    right: Node

    def value(self, values: Values) -> Value:
        """Return whether it holds."""
        return excess(self, values) <= 0

    def children(self) -> Sequence[Node]:
        """Return both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`, or `->` between two conditions; the right one is looked at only if it matters."""

    sign: str
    left: Node
    right: Node

    def value(self, values: Values) -> Value:
        """Return whether it holds."""
        return excess(self, values) <= 0

    def children(self) -> Sequence[Node]:
        """Return both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inner: Node

    def value(self, values: Values) -> Value:
        """Return whether the inner condition fails."""
        return not truth(self.inner.value(values))

    def children(self) -> Sequence[Node]:
        """Return the inner condition."""
        return (self.inner,)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers; a sampled-anew hyper-parameter counts as all its numbers."""

    function: str
    arguments: tuple[Node, ...]

    def value(self, values: Values) -> Value:
        """Apply it."""
        given = [argument.value(values) for argument in self.arguments]
        items = [item for value in given for item in (value if isinstance(value, tuple) else (value,))]
        if self.function == "len":
            return len(items)
        numbers = [number(item, self.function) for item in items]
        return _FUNCTIONS[self.function](numbers) if numbers else 0

    def children(self) -> Sequence[Node]:
        """Return the arguments."""
        return self.arguments


FUNCTIONS = ("abs", "len", "max", "min", "sum")

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "min": min,
    "sum": sum,
    "abs": lambda numbers: abs(numbers[0]),
}
_OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it."""
    yield node
    for child in node.children():
        yield from walk(child)


def excess(node: Node, values: Values) -> float:
    """Return how far a condition is from holding: ≤ 0 holds, infinite where it cannot be said."""
    if isinstance(node, Logic):
        return _logic(node, values)
    if isinstance(node, Not):
        return _negated(node.inner, values)
    if isinstance(node, Comparison):
        return _comparison(node.sign, node.left.value(values), node.right.value(values))
    return 0.0 if truth(node.value(values)) else 1.0


def _logic(node: Logic, values: Values) -> float:
    if node.sign == "and":
        left = excess(node.left, values)
        return left if left > 0 else max(left, excess(node.right, values))
    left = excess(node.left, values) if node.sign == "or" else _negated(node.left, values)
    return left if left <= 0 else min(left, excess(node.right, values))


def _negated(node: Node, values: Values) -> float:
    if isinstance(node, Comparison) and node.sign in _OPPOSITES:
        return _comparison(_OPPOSITES[node.sign], node.left.value(values), node.right.value(values))
    if isinstance(node, Not):
        return excess(node.inner, values)
    return 1.0 if truth(node.value(values)) else 0.0


def _comparison(sign: str, left: Value, right: Value) -> float:
    if sign == "in":
        return 0.0 if isinstance(right, tuple) and any(same(left, option) for option in right) else 1.0
    if sign in ("==", "!="):
        return _equality(sign, left, right)
    low, high = number(left, sign), number(right, sign)
    distance = low - high if sign in ("<", "<=") else high - low
    if math.isnan(distance):
        return 0.0 if low == high and sign in ("<=", ">=") else math.inf
    return max(distance, MISSED) if distance >= 0 and sign in ("<", ">") else float(distance)


def _equality(sign: str, left: Value, right: Value) -> float:
    equal = same(left, right)
    if sign == "!=":
        return float(equal)
    if isinstance(left, int | float) and isinstance(right, int | float) and not equal:
        return abs(left - right) if math.isfinite(left - right) and left != right else math.inf
    return float(not equal)


def same(left: Value, right: Value) -> bool:
    """Return whether two values are equal; true is not 1."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def number(value: Value, where: str) -> float:
    """Return a number, or raise."""
    if isinstance(value, int | float):
        return value
    hint = "use min, max, sum or len" if isinstance(value, tuple) else ""
    raise wrong(f"{where!r} needs numbers, got {quoted(value)}", hint)


def scalar(value: Value) -> Scalar:
    """Return a single value, or raise."""
    if isinstance(value, tuple):
        raise wrong(f"needs a single value, got {quoted(value)}", "use min, max, sum or len")
    return value


def truth(value: Value) -> bool:
    """Return a yes or no, or raise."""
    if isinstance(value, int | float):
        return bool(value)
    raise wrong(f"needs a condition, got {quoted(value)}")


def wrong(message: str, hint: str = "") -> SpecError:
    """Make the error of an expression; the caller places it."""
    return SpecError([Problem("", message, hint=hint)])
