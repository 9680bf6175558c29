"""Source map of a study: the place of each value in its file, for errors found only with the samples."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from nas.config import StudyConfig
from search_spaces.documents.nodes import ListNode, MapNode, Node
from search_spaces.errors import Problem, SpecError

_STEP = re.compile(r"[^.\[\]]+")
"""One key of a path such as `objectives[1]` or `task.csv.target`."""
_NOTHING = MapNode(())


@dataclass(frozen=True, slots=True)
class Written:
    """A study, and the document that it was read from."""

    config: StudyConfig
    root: Node = _NOTHING
    """What the document says; nothing of a study that was built in code."""
    source: str = ""
    """What the document is called; empty where it has no name."""

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Give every mistake that is told meanwhile, and has no place yet, that of the value it speaks of."""
        try:
            yield
        except SpecError as error:
            if error.source:
                raise
            raise SpecError([self._placed(problem) for problem in error.problems], self.source) from error

    def _placed(self, problem: Problem) -> Problem:
        """Return a problem with the place of its value, or of the nearest thing above that the document has."""
        if problem.line or problem.source:
            return problem
        node = _nearest(self.root, problem.path)
        if node is None:
            return problem
        source = "" if node.source == self.source else node.source
        return replace(problem, line=node.line, column=node.column, source=source)


def _nearest(root: Node, path: str) -> Node | None:
    """Follow a path as far as the document goes."""
    found, node = None, root
    for key in _STEP.findall(path):
        below = _below(node, key)
        if below is None:
            break
        named, node = below
        found = named if _in_another_file(named, node) else node
    return found


def _below(node: Node, key: str) -> tuple[Node, Node] | None:
    """Return what has a place of its own, a key or an item, and its value; None where there is no such thing."""
    if isinstance(node, MapNode):
        return next(((entry.key, entry.value) for entry in node.entries if entry.key.raw == key), None)
    if isinstance(node, ListNode) and key.isdecimal() and int(key) < len(node.items):
        return node.items[int(key)], node.items[int(key)]
    return None


def _in_another_file(key: Node, value: Node) -> bool:
    """Return whether a value was written elsewhere, as a space in a file of its own; an override has no line."""
    return bool(value.line) and value.source != key.source
