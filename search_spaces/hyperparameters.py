"""Declarations of settings: the dataclass fields of a menu's class, each with a default, bounds and a sentence.

    @dataclass(frozen=True, slots=True)
    class Sgd:
        lr: float = number(0.01, "learning rate", above=0)
        momentum: float = number(0.0, "share of the last step that is repeated", low=0, high=1)

A study file may set any of them, and make any of them a dimension.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from search_spaces.candidate import Named, Scalar, Value
from search_spaces.errors import NasError, Problem, SpecError, nearest
from search_spaces.plain_text import quoted
from search_spaces.registry import Menu


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One hyper-parameter: what it may be, and what it is when nobody says."""

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Scalar
    doc: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    """The lower bound itself is not allowed."""
    options: tuple[str, ...] = ()
    """The allowed texts; empty means any text."""
    each: str = ""
    """The hyper-parameter that counts how often this one may be sampled anew, e.g. `depth`; empty for never."""
    when: tuple[str, str] = ("", "")
    """The choice that opens it: (hyper-parameter, option)."""
    is_file: bool = False
    """A text that is the path of a file; a study file's are relative to it."""
    is_list: bool = False
    """Several texts: a list of them, or one text with commas between."""
    required: bool = False
    """It has no value that would do when nobody says; its default is an empty text."""

    def mistake(self, value: object) -> str:
        """Return what is wrong with a value, or return an empty text."""
        if self.kind is bool:
            return "" if isinstance(value, bool) else f"needs true or false, got {quoted(value)}"
        if self.is_list and isinstance(value, list | tuple):
            return next((self._text_mistake(item) for item in value if self._text_mistake(item)), "")
        if self.kind is str:
            return self._text_mistake(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"needs a number, got {quoted(value)}"
        if self.kind is int and not float(value).is_integer():
            return f"needs a whole number, got {quoted(value)}"
        return self._range_mistake(value)

    def filled(self, value: Value) -> Value:
        """Return an allowed value as the field wants it: 8.0 is the whole number 8."""
        return self.kind(value) if self.kind in (int, float) and isinstance(value, int | float) else value

    @property
    def usual(self) -> str:
        """Write the default as YAML does; empty where there is none."""
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        if isinstance(self.default, float):
            return "" if self._boundless else f"{self.default:g}"
        return str(self.default)

    @property
    def absent(self) -> str:
        """Return what it means that there is no default."""
        return "required" if self.required else "no bound" if self._boundless else "none"

    @property
    def _boundless(self) -> bool:
        return isinstance(self.default, float) and abs(self.default) == sys.float_info.max

    @property
    def allowed(self) -> str:
        """Return what is allowed, in words."""
        if self.kind is bool:
            return "true or false"
        if self.is_file:
            return "path of a file"
        if self.is_list:
            return "list of texts"
        if self.kind is str:
            return " | ".join(self.options) if self.options else "text"
        noun = "whole number" if self.kind is int else "number"
        low = f" {'>' if self.open_low else '≥'} {self.low:g}" if self.low > -math.inf else ""
        high = f"{' and' if low else ''} ≤ {self.high:g}" if self.high < math.inf else ""
        return f"{noun}{low}{high}"

    def _text_mistake(self, value: object) -> str:
        if not isinstance(value, str):
            return f"needs text, got {quoted(value)}"
        if self.options and value not in self.options:
            return f"unknown option {value!r}{nearest(value, self.options)}"
        return ""

    def _range_mistake(self, value: float) -> str:
        too_low = value < self.low or (self.open_low and value == self.low)
        return f"needs a {self.allowed}, got {quoted(value)}" if too_low or not value <= self.high else ""


@cache  # asked for every candidate that is trained
def hyperparameters(cls: type) -> tuple[Hyperparameter, ...]:
    """List the hyper-parameters of a class on a menu, in order."""
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise NasError(f"{cls!r} is on a menu and has to be a dataclass")
    return tuple(item.metadata["of"](item.name) for item in fields(cls) if "of" in item.metadata)


def make(menu: Menu, named: Named) -> Any:
    """Make what a name on a menu stands for, with its settings: whether a file or Python code gave them.

    Raises:
        UnknownName: no such entry.
        SpecError: a setting that is unknown, not allowed or missing; every one is listed.
    """
    entry = menu.load(named.name)
    problems = [
        Problem(f"{menu.noun}.{named.name}.{name}", message)
        for name, message in mistakes(entry, named.settings).items()
    ]
    if problems:
        raise SpecError(problems)
    known = {item.name: item for item in hyperparameters(entry)}
    return entry(**{name: known[name].filled(value) for name, value in named.settings.items()})


def mistakes(cls: type, settings: Mapping[str, Value]) -> dict[str, str]:
    """Say what is wrong with the settings of a class on a menu, by their names; empty where nothing is."""
    known = {item.name: item for item in hyperparameters(cls)}
    absent = [item for item in known.values() if item.required and item.name not in settings]
    said = {
        name: known[name].mistake(value) if name in known else f"unknown{nearest(name, tuple(known))}"
        for name, value in settings.items()
    }
    lacking = {item.name: f"has to be given ({item.doc})" for item in absent}
    return {name: message for name, message in {**said, **lacking}.items() if message}


def number(
    default: float,
    doc: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float | None = None,
    each: str = "",
    when: tuple[str, str] = ("", ""),
) -> Any:
    """Declare a real number; `above` is a lower bound that is itself not allowed."""
    bounds = {"low": low if above is None else above, "high": high, "open_low": above is not None}
    return _declare(float, default, doc, **bounds, each=each, when=when)


def integer(
    default: int,
    doc: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    each: str = "",
    when: tuple[str, str] = ("", ""),
) -> Any:
    """Declare a whole number."""
    return _declare(int, default, doc, low=low, high=high, each=each, when=when)


def flag(default: bool, doc: str, *, each: str = "", when: tuple[str, str] = ("", "")) -> Any:
    """Declare a yes or no."""
    return _declare(bool, default, doc, each=each, when=when)


def option(
    default: str, doc: str, options: tuple[str, ...] = (), *, each: str = "", when: tuple[str, str] = ("", "")
) -> Any:
    """Declare a text, one of `options` where there are any."""
    return _declare(str, default, doc, options=options, each=each, when=when)


def required_text(doc: str) -> Any:
    """Declare a text that has to be given."""
    return _declare(str, "", doc, required=True)


def names(doc: str) -> Any:
    """Declare a list of texts, such as names of columns; in one text with commas between, too."""
    return _declare(str, "", doc, is_list=True)


def file(doc: str) -> Any:
    """Declare the path of a file; empty means none."""
    return _declare(str, "", doc, is_file=True)


def required_file(doc: str) -> Any:
    """Declare the path of a file that has to be given."""
    return _declare(str, "", doc, is_file=True, required=True)


def _declare(kind: type, default: Scalar, doc: str, **rest: Any) -> Any:
    def of(name: str) -> Hyperparameter:
        return Hyperparameter(name, kind, default, doc, **rest)

    return field(default=default, metadata={"of": of})
