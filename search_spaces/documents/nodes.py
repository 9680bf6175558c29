"""Nodes of a document: values that know where they were written, and the report of mistakes in them."""

from dataclasses import dataclass

from search_spaces.candidate import Scalar
from search_spaces.errors import Problem, SpecError

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value; `raw` is its text as written."""

    value: Scalar | None
    raw: str
    line: int = 0
    column: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    items: "tuple[Node, ...]"
    line: int = 0
    column: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value; the key is a node so that it has a place."""

    key: ScalarNode
    value: "Node"


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping in the order of the document, keys unique."""

    entries: tuple[Entry, ...]
    line: int = 0
    column: int = 0
    source: str = ""

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None."""
        return next((entry.value for entry in self.entries if entry.key.raw == key), None)


Node = ScalarNode | ListNode | MapNode


class Report:
    """Collects the mistakes of a document, so that all of them are told at once."""

    def __init__(self, source: str = "") -> None:
        self.source = source
        self._problems: list[Problem] = []
        self._refused: set[tuple[str, int, int]] = set()

    def refuse(self, node: Node, path: str, message: str, hint: str = "") -> None:
        """Note what may not be in any document; nothing more is told of this place."""
        self.add(node, path, message, hint)
        self._refused.add((node.source, node.line, node.column))

    def add(self, node: Node, path: str, message: str, hint: str = "") -> None:
        """Note one mistake."""
        if (node.source, node.line, node.column) in self._refused:
            return
        source = "" if node.source == self.source else node.source
        self._problems.append(Problem(_cut(path), _cut(message), node.line, node.column, _cut(hint), source))

    def check(self) -> None:
        """Raise SpecError if there was any mistake; they are in the order of the document."""
        if not self._problems:
            return
        ordered = sorted(self._problems, key=lambda problem: (problem.source, problem.line, problem.column))
        if len(ordered) > MAX_PROBLEMS:
            ordered[MAX_PROBLEMS:] = [Problem("", f"… and {len(ordered) - MAX_PROBLEMS} more mistakes")]
        raise SpecError(ordered, self.source)


def _cut(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:300]} … {text[-60:]}"
