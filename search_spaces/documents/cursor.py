"""Cursor over nodes: each reader returns a value of its type, or reports the mistake and returns its default."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from search_spaces.candidate import Scalar
from search_spaces.documents.nodes import ListNode, MapNode, Node, Report, ScalarNode
from search_spaces.documents.quantities import BYTES, COUNTS, duration, quantity
from search_spaces.errors import nearest


@dataclass(frozen=True, slots=True)
class Cursor:
    """A node, the path that leads to it, and the report that takes its mistakes."""

    node: Node
    path: str
    report: Report

    @property
    def raw(self) -> str:
        """Return the text of a single value as it was written, empty for anything else."""
        return self.node.raw if isinstance(self.node, ScalarNode) else ""

    @property
    def single(self) -> Scalar | None:
        """Return a single value; None for a list, a mapping, nothing, and a number that is not finite."""
        value = self.node.value if isinstance(self.node, ScalarNode) else None
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def mistake(self, message: str, hint: str = "") -> None:
        """Report what is wrong here."""
        self.report.add(self.node, self.path, message, hint)

    def wrong(self, needed: str, hint: str = "") -> None:
        """Report that something else is needed here."""
        self.mistake(f"needs {needed}, got {shown(self.node)}", hint)

    def at(self, node: Node, key: str | int) -> "Cursor":
        """Go to a node below this one."""
        below = f"{self.path}[{key}]" if isinstance(key, int) else f"{self.path}.{key}" if self.path else key
        return Cursor(node, below, self.report)

    def entries(self, needed: str = "a mapping (key: value)") -> dict[str, "Cursor"]:
        """Return the values of a mapping by key."""
        if isinstance(self.node, MapNode):
            return {entry.key.raw: self.at(entry.value, entry.key.raw) for entry in self.node.entries}
        self.wrong(needed)
        return {}

    def fields(
        self, allowed: Collection[str], needed: str = "a mapping (key: value)", *, rare: Collection[str] = ()
    ) -> dict[str, "Cursor"]:
        """Return the values of a mapping whose keys are known; unknown ones are reported with the nearest match.

        `rare` are those of `allowed` that a list of all keys leaves out.
        """
        entries = self.entries(needed)
        for entry in self.node.entries if isinstance(self.node, MapNode) else ():
            if entry.key.raw not in allowed:
                meant = nearest(entry.key.raw, tuple(allowed))
                listed = nearest("", [key for key in allowed if key not in rare])
                told = meant if "did you mean" in meant else listed
                self.at(entry.key, entry.key.raw).mistake(f"unknown key{told}")
        return {key: cursor for key, cursor in entries.items() if key in allowed}

    def items(self, needed: str = "a list") -> list["Cursor"]:
        """Return the items of a list."""
        if isinstance(self.node, ListNode):
            return [self.at(item, index) for index, item in enumerate(self.node.items)]
        self.wrong(needed)
        return []

    def text(self, default: str = "", needed: str = "text") -> str:
        """Return a text."""
        if isinstance(self.node, ScalarNode) and isinstance(self.node.value, str):
            return self.node.value
        self.wrong(needed, f"in quotes: '{self.raw}'" if self.raw else "")
        return default

    def flag(self, default: bool) -> bool:
        """Return true or false."""
        if isinstance(self.node, ScalarNode) and isinstance(self.node.value, bool):
            return self.node.value
        meant = boolean_meant(self.raw)
        self.wrong("true or false", f"write {meant}" if meant else "")
        return default

    def number(self, default: float, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number."""
        value = self.single
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(f"a number{_bounds(low, high)}")
            return default
        return self._bounded(float(value), low, high, default)

    def integer(self, default: int, low: int, high: int) -> int:
        """Return a whole number; `200k` is one."""
        value = self.single
        if isinstance(value, str):
            value = quantity(value, COUNTS)
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
            self.wrong(f"a whole number{_bounds(low, high)}")
            return default
        return int(self._bounded(value, low, high, default))

    def seconds(self, default: float, high: float = math.inf) -> float:
        """Return a duration in seconds: `2h`, `30m`, `90s`, or a plain number of seconds."""
        value = self.single
        if isinstance(value, str):
            value = duration(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong("a duration", "such as 90s, 30m, 2h or 1h30m")
            return default
        return self._bounded(float(value), 0, high, default)

    def bytes(self, default: int, high: int) -> int:
        """Return a size in bytes: `64MB` (10⁶), `64MiB` (2²⁰), or a plain number of bytes."""
        value = self.single
        if isinstance(value, str):
            value = quantity(value, BYTES)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong("a size", "such as 64MB or 1GiB")
            return default
        return int(self._bounded(value, 0, high, default))

    def name(self, allowed: Collection[str], noun: str, default: str = "", *, hint: str = "") -> str:
        """Return a text that is one of `allowed`; of another, `hint` says what may have been wanted."""
        given = self.text(default, f"the name of a {noun}")
        if given in allowed or (given == default and not isinstance(self.node, ScalarNode)):
            return given
        if isinstance(self.node, ScalarNode) and isinstance(self.node.value, str):
            self.mistake(f"unknown {noun} {given!r}{nearest(given, sorted(allowed))}", hint)
        return default

    def _bounded(self, value: float, low: float, high: float, default: float) -> float:
        if low <= value <= high:
            return value
        self.wrong(f"a number{_bounds(low, high)}")
        return default


def boolean_meant(raw: str) -> str:
    """Guess which of true and false a word stands for, or return an empty text."""
    words = {**dict.fromkeys(("yes", "on", "true", "1"), "true"), **dict.fromkeys(("no", "off", "false", "0"), "false")}
    return words.get(raw.lower(), "")


def shown(node: Node) -> str:
    """Return what was written, shortly."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.value is None:
        return "nothing" if not node.raw else node.raw
    if not isinstance(node.value, str):
        return node.raw
    return repr(node.raw if len(node.raw) <= 80 else f"{node.raw[:80]}…")


def _bounds(low: float, high: float) -> str:
    if low > -math.inf and high < math.inf:
        return f" from {_plain(low)} to {_plain(high)}"
    return f" ≥ {_plain(low)}" if low > -math.inf else f" ≤ {_plain(high)}" if high < math.inf else ""


def _plain(number: float) -> str:
    return str(int(number)) if number % 1 == 0 else f"{number:g}"
