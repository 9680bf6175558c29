"""Nodes of a document from Python's dictionaries, lists and values, as if they had been written in a file."""

import math
import os
from collections.abc import Mapping, Sequence

from search_spaces.candidate import Scalar
from search_spaces.documents.nodes import Entry, ListNode, MapNode, Node, Report, ScalarNode
from search_spaces.documents.parser import MAX_NESTING


def document_of(value: object, report: Report, path: str = "", depth: int = 0) -> Node:
    """Return a value as a node; what no document can hold is reported."""
    if depth > MAX_NESTING:
        report.add(ScalarNode(None, ""), path, f"is nested more than {MAX_NESTING} deep")
    elif isinstance(value, Mapping):
        return _mapping(value, report, path, depth)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return ListNode(tuple(document_of(item, report, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)))
    else:
        return _scalar(value, report, path)
    return ScalarNode(None, "")


def _mapping(value: Mapping[object, object], report: Report, path: str, depth: int) -> MapNode:
    entries: dict[str, Entry] = {}
    for key, item in value.items():
        name = key if isinstance(key, str) else _scalar(key, report, path).raw
        below = f"{path}.{name}" if path else name
        if name in entries:
            report.add(ScalarNode(name, name), below, "duplicate key")
        entries[name] = Entry(ScalarNode(name, name), document_of(item, report, below, depth + 1))
    return MapNode(tuple(entries.values()))


def _scalar(value: object, report: Report, path: str) -> ScalarNode:
    """Return a single value; one of NumPy's is the number that it holds, a path is its text."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    plain = _plain(value)
    if plain is None and value is not None:
        report.add(ScalarNode(None, ""), path, f"needs text, a number, a list or a mapping, got {_told(value)}")
    return ScalarNode(plain, "" if plain is None else _written(plain))


def _plain(value: object) -> Scalar | None:
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "shape", None) == ():
        value = item()
    return value if isinstance(value, bool | int | float | str) else None


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return f".{value}"
    return str(value)


def _told(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
