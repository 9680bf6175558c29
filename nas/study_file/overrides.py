"""Overrides, `--set path=value`: changes of a study's document before it is read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from search_spaces.documents.nodes import Entry, ListNode, MapNode, Node, Report, ScalarNode
from search_spaces.documents.parser import parse
from search_spaces.errors import SpecError

_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def override(root: Node, overrides: Sequence[str], report: Report, spell_out: Callable[[Node], Node]) -> Node:
    """Apply each override, in order; mistakes name the override.

    `spell_out` turns the name of a space into its document; it is called before something inside it is set.
    """
    for text in overrides:
        path, sign, written = text.partition("=")
        source = f"--set {text}"
        value = _value(written, report, source) if sign and _PATH.fullmatch(path) else None
        if value is not None:
            root = _set(spell_out(root) if path.startswith("space.") else root, path.split("."), value, report, path)
        elif not sign or not _PATH.fullmatch(path):
            report.add(ScalarNode(None, "", source=source), "", "needs path=value", "such as budget.trials=10")
    return spell_out(root)


def _value(written: str, report: Report, source: str) -> Node | None:
    inner = Report()
    try:
        node = parse(written if written.strip() else "''", inner)
        inner.check()
    except SpecError as error:
        for problem in error.problems:
            report.add(ScalarNode(None, "", source=source), "", problem.message, problem.hint)
        return None
    return _placed(node, source)


def _placed(node: Node, source: str) -> Node:
    """Give every node of an override the override as its place."""
    if isinstance(node, MapNode):
        entries = (Entry(_scalar_placed(entry.key, source), _placed(entry.value, source)) for entry in node.entries)
        return MapNode(tuple(entries), source=source)
    if isinstance(node, ListNode):
        return ListNode(tuple(_placed(item, source) for item in node.items), source=source)
    return _scalar_placed(node, source)


def _scalar_placed(node: ScalarNode, source: str) -> ScalarNode:
    return replace(node, line=0, column=0, source=source)


def _set(node: Node, keys: Sequence[str], value: Node, report: Report, path: str) -> Node:
    if not keys:
        return value
    if isinstance(node, ListNode) and keys[0].isdecimal() and int(keys[0]) < len(node.items):
        index = int(keys[0])
        changed = _set(node.items[index], keys[1:], value, report, path)
        return replace(node, items=(*node.items[:index], changed, *node.items[index + 1 :]))
    opened = _opened(node, keys[0])
    if opened is None:
        there = node.raw if isinstance(node, ScalarNode) else "a list"
        place = ScalarNode(None, "", source=value.source)
        report.add(place, path, f"nothing called {keys[0]!r} can be set inside {there!r}", "set the whole value")
        return node
    return _set_key(opened, keys, value, report, path)


def _set_key(node: MapNode, keys: Sequence[str], value: Node, report: Report, path: str) -> MapNode:
    names = [entry.key.raw for entry in node.entries]
    if keys[0] not in names:
        key = ScalarNode(keys[0], keys[0], source=value.source)
        below = _set(MapNode((), source=value.source), keys[1:], value, report, path)
        return replace(node, entries=(*node.entries, Entry(key, below)))
    entries = list(node.entries)
    index = names.index(keys[0])
    entries[index] = replace(entries[index], value=_set(entries[index].value, keys[1:], value, report, path))
    return replace(node, entries=tuple(entries))


def _opened(node: Node, key: str) -> MapNode | None:
    """Return a node as a mapping: `adamw` is `{adamw: }`, and `[sgd, adamw]` is `{sgd: , adamw: }`."""
    if isinstance(node, MapNode):
        return node
    names = node.items if isinstance(node, ListNode) else (node,)
    if isinstance(node, ScalarNode) and node.value is None:
        names = ()
    scalars = [name for name in names if isinstance(name, ScalarNode)]
    if len(scalars) < len(names) or (scalars and key not in [name.raw for name in scalars]):
        return None
    nothing = ScalarNode(None, "")
    entries = tuple(
        Entry(name, replace(nothing, line=name.line, column=name.column, source=name.source)) for name in scalars
    )
    return MapNode(entries, node.line, node.column, node.source)
