"""Dimensions: what one hyper-parameter may be (`Int`, `Float`, `Choice`) and the range grammar `1e-4..1e-1 log`."""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from search_spaces.candidate import Scalar
from search_spaces.documents.numbers import number_of
from search_spaces.errors import Problem, SpecError, nearest
from search_spaces.expressions import Expression
from search_spaces.plain_text import plain, quoted

ON_GRID = 1e-9
"""How far from a step, in steps, a real number still counts as on it."""


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number from `low` to `high`, both included, every `step`, or evenly over its logarithm."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    when: Expression | None = None

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.step, self.log)
        if self.log and self.step != 1:
            raise _wrong(f"a log range of whole numbers has no step, got step {self.step}")
        object.__setattr__(self, "high", self.high - (self.high - self.low) % self.step)

    @property
    def size(self) -> float:
        """Count the values."""
        return (self.high - self.low) // self.step + 1

    def contains(self, value: object) -> bool:
        """Return whether a value is one of these whole numbers."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and self.low <= value <= self.high and (value - self.low) % self.step == 0  # type: ignore[operator]

    def sample(self, rng: random.Random) -> int:
        """Draw a value."""
        if not self.log:
            return self.low + self.step * rng.randrange(int(self.size))
        exact = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(exact), self.low), self.high)

    def as_float(self) -> "Float":
        """Return the same range of real numbers; a step other than 1 stays."""
        return Float(self.low, self.high, None if self.step == 1 else self.step, self.log, self.when)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"type": "int", "low": self.low, "high": self.high, "step": self.step, "log": self.log, **_when(self)}

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{' log' * self.log}{f' step {self.step}' * (self.step != 1)}"


@dataclass(frozen=True, slots=True)
class Float:
    """A real number from `low` to `high`, both included; every `step`, or evenly over its logarithm."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    when: Expression | None = None

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.step, self.log)
        if self.log and self.step is not None:
            raise _wrong(f"a log range has no step, got step {self.step:g}")
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", self.at(self._steps()) if self.step else float(self.high))

    @property
    def size(self) -> float:
        """Count the values; infinite without a step."""
        if self.low == self.high:
            return 1
        return self._steps() + 1 if self.step else math.inf

    def contains(self, value: object) -> bool:
        """Return whether a value is one of these real numbers."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        return not self.step or abs(self.at(round((value - self.low) / self.step)) - value) <= ON_GRID * self.step

    def sample(self, rng: random.Random) -> float:
        """Draw a value."""
        if self.step:
            return self.at(rng.randrange(int(self.size)))
        if not self.log:
            return rng.uniform(self.low, self.high)
        exact = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(exact, self.low), self.high)

    def at(self, steps: int) -> float:
        """Return a number of the grid as one would write it: 0.1 and two steps of 0.1 is 0.3."""
        return float(_decimal(self.low) + steps * _decimal(self.step or 1.0))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"type": "float", "low": self.low, "high": self.high, "step": self.step, "log": self.log, **_when(self)}

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}{' log' * self.log}{f' step {self.step:g}' if self.step else ''}"

    def _steps(self) -> int:
        return int((_decimal(self.high) - _decimal(self.low)) / _decimal(self.step or 1.0) + _decimal(ON_GRID))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few options, in no order."""

    options: tuple[Scalar, ...]
    when: Expression | None = None

    def __post_init__(self) -> None:
        if not self.options:
            raise _wrong("a choice needs at least one option, got none")
        for option in self.options:
            if isinstance(option, float) and not math.isfinite(option):
                raise _wrong(f"an option must be finite, got {quoted(option)}")
            if sum(_same(option, other) for other in self.options) > 1:
                raise _wrong(f"option {quoted(option)} is given twice")

    @property
    def size(self) -> float:
        """Count the options."""
        return len(self.options)

    def contains(self, value: object) -> bool:
        """Return whether a value is one of the options; true is not 1."""
        return any(_same(option, value) for option in self.options)

    def sample(self, rng: random.Random) -> Scalar:
        """Draw an option."""
        return rng.choice(self.options)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"type": "choice", "options": list(self.options), **_when(self)}

    def __str__(self) -> str:
        return plain(self.options)


Dimension = Int | Float | Choice


def dimension_from_json(document: Mapping[str, Any]) -> Dimension:
    """Undo `to_json` of a dimension."""
    rest = {key: value for key, value in document.items() if key not in ("type", "when", "options")}
    when = Expression.parse(document["when"]) if "when" in document else None
    if document["type"] == "choice":
        return Choice(tuple(document["options"]), when)
    return Int(**rest, when=when) if document["type"] == "int" else Float(**rest, when=when)


_RANGE = re.compile(r"\s*(?P<low>\S+?)\s*\.\.\s*(?P<high>[^\s.]\S*|\.\d\S*)(?P<rest>(\s+\S+)*)\s*")


def parse_range(text: str) -> Int | Float:
    """Read `1..6`, `1e-4..1e-1 log` or `16..128 step 16`; whole numbers on both ends make an `Int`.

    Raises:
        SpecError: one problem without a path, for the caller to place.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        raise _wrong(f"not a range: {text!r}", "write 1..6, 1e-4..1e-1 log or 16..128 step 16")
    low, high = _number(match["low"], text), _number(match["high"], text)
    log, step = _qualifiers(match["rest"].split(), text)
    if isinstance(low, int) and isinstance(high, int) and not isinstance(step, float):
        return Int(low, high, 1 if step is None else step, log)
    return Float(low, high, step, log)


def _qualifiers(words: list[str], text: str) -> tuple[bool, int | float | None]:
    if words == ["log"]:
        return True, None
    if len(words) == 2 and words[0] == "step":
        return False, _number(words[1], text)
    if words:
        raise _wrong(f"unknown {' '.join(words)!r} after the range {text!r}{nearest(words[0], ('log', 'step'))}")
    return False, None


def _number(word: str, text: str) -> int | float:
    value = number_of(word)
    if value is None:
        raise _wrong(f"{word!r} is not a number in the range {text!r}")
    return value


def _check_range(low: float, high: float, step: float | None, log: bool) -> None:
    given = f"{low:g}..{high:g}"
    if not (math.isfinite(low) and math.isfinite(high)):
        raise _wrong(f"a range needs finite ends, got {given}")
    if low > high:
        raise _wrong(f"a range needs low ≤ high, got {given}", f"try {high:g}..{low:g}")
    if step is not None and not 0 < step < math.inf:
        raise _wrong(f"a step must be > 0, got {step:g}")
    if log and low <= 0:
        raise _wrong(f"log range needs low > 0, got {given}", f"try {_log_range_inside(high)}")


def _log_range_inside(high: float) -> str:
    """Suggest the part of a range that has a logarithm: whole numbers from 1, others over five decades."""
    if high <= 0:
        return "1e-5..1 log"
    if isinstance(high, int) and high > 1:
        return f"1..{high} log"
    return f"1e{math.floor(math.log10(high)) - 5}..{high:g} log"


def _decimal(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _wrong(message: str, hint: str = "") -> SpecError:
    return SpecError([Problem("", message, hint=hint)])


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _when(dimension: Dimension) -> dict[str, str]:
    return {"when": dimension.when.text} if dimension.when else {}
