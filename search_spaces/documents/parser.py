"""Strict YAML: text to nodes that know their line and column; everything YAML can do by surprise is refused.

Scalars follow the core schema of YAML 1.2: `true` and `false` alone are booleans, `1e-3` and `.5` are numbers, `no`,
`on`, `12:30:45` and `2024-01-01` are text, and a number with a leading zero (`010`) is refused because it means 8 to
some readers and 10 to others. Keys are always text. There are no anchors, aliases, merge keys, tags or tabs.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml.reader import Reader

from search_spaces.candidate import Scalar
from search_spaces.documents.nodes import MAX_PROBLEMS, Entry, ListNode, MapNode, Node, Report, ScalarNode
from search_spaces.errors import Problem, SpecError

MAX_BYTES = 256 * 1024
MAX_NESTING = 32
MAX_NODES = 5_000


def read(path: Path, report: Report) -> Node:
    """Read a file as one document; raise SpecError when it is not one."""
    source = str(path)
    try:
        if path.is_dir():
            raise _refusal(source, "is a folder, not a file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _refusal(source, "no such file") from error
    except (OSError, ValueError) as error:
        raise _refusal(source, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return parse(content, report, source=source)


def parse(content: bytes | str, report: Report, *, source: str = "") -> Node:
    """Parse one document.

    Mistakes that leave the rest readable (a duplicate key, a tag, `010`) go to the report; others raise SpecError.
    """
    text = _decoded(content, source)
    _refuse_characters(text, source)
    try:
        events = list(_limited(yaml.parse(text, Loader=yaml.SafeLoader), source))
    except yaml.MarkedYAMLError as error:
        raise _refusal(source, _plain(error), *_place(error.problem_mark or error.context_mark)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _refusal(source, f"is not YAML: {str(error).splitlines()[0]}") from error
    return _Composer(events, report, source).document()


def _refusal(source: str, message: str, line: int = 0, column: int = 0, hint: str = "") -> SpecError:
    return SpecError([Problem("", message, line, column, hint)], source)


def _decoded(content: bytes | str, source: str) -> str:
    encoded = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    if len(encoded) > MAX_BYTES:
        raise _refusal(source, f"is larger than {MAX_BYTES // 1024} KB, the most a document may have")
    try:
        return encoded.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = encoded.count(b"\n", 0, error.start) + 1
        column = error.start - (encoded.rfind(b"\n", 0, error.start) + 1) + 1
        raise _refusal(source, "is not UTF-8", line, column, "save the file as UTF-8") from error


def _refuse_characters(text: str, source: str) -> None:
    """Refuse tabs, all of them at once, and the control characters that YAML knows no use for."""
    tabs = [(number, line.index("\t") + 1) for number, line in enumerate(text.split("\n"), 1) if "\t" in line]
    if tabs:
        message, hint = "a tab character", 'use spaces; inside double quotes write "\\t"'
        raise SpecError([Problem("", message, line, column, hint) for line, column in tabs[:MAX_PROBLEMS]], source)
    found = Reader.NON_PRINTABLE.search(text)
    if found:
        before = text[: found.start()].split("\n")
        place = len(before), len(before[-1]) + 1
        raise _refusal(source, f"the character U+{ord(found[0]):04X} is not allowed", *place)


def _plain(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "is not YAML"
    if problem == "mapping values are not allowed here":
        problem = "a second ': ' on this line, or a line that is indented too far"
    return f"is not YAML: {error.context}, {problem}" if error.context else f"is not YAML: {problem}"


def _limited(events: Iterator[yaml.Event], source: str) -> Iterator[yaml.Event]:
    """Stop at the first event too deep or too many, before anything is built."""
    depth = 0
    for count, event in enumerate(events):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        place = _place(event.start_mark)
        if depth > MAX_NESTING:
            raise _refusal(source, f"is nested more than {MAX_NESTING} deep", *place)
        if count > 2 * MAX_NODES:
            raise _refusal(source, f"has more than {MAX_NODES} values", *place)
        yield event


def _place(mark: "yaml.error.Mark | yaml._yaml.Mark | None") -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


class _Composer:
    """Builds nodes from the events of one document."""

    def __init__(self, events: list[yaml.Event], report: Report, source: str) -> None:
        self._events, self._report, self._source = iter(events), report, source

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                place, hint = _place(event.start_mark), "only one is allowed in a file"
                raise _refusal(self._source, "a second document", *place, hint=hint)
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, "")
        if root is None:
            raise _refusal(self._source, "is empty")
        return root

    def _node(self, event: yaml.Event, path: str) -> Node:
        self._refuse_extras(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        return ScalarNode(None, "", *self._place(event))  # an alias, refused above

    def _mapping(self, start: yaml.Event, path: str) -> MapNode:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if (key := self._key(event, path)) is None:
                self._node(next(self._events), path)
                continue
            below = f"{path}.{key.raw}" if path else key.raw
            value = self._node(next(self._events), below)
            if key.raw in entries:
                first = entries[key.raw].key.line
                self._report.add(key, below, "duplicate key", f"first on line {first}")
            elif key.raw == "<<":
                self._report.add(key, below, "merge keys are not allowed", "write the keys out")
            else:
                entries[key.raw] = Entry(key, value)
        return MapNode(tuple(entries.values()), *self._place(start))

    def _key(self, event: yaml.Event, path: str) -> ScalarNode | None:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_extras(event, path)
            key = ScalarNode(event.value, event.value, *self._place(event))
            self._refuse_surrogates(key, path)
            return key
        node = self._node(event, path)
        self._report.refuse(node, path, "a key has to be text", 'quote it if it starts with one of * & ! { [ " %')
        return None

    def _sequence(self, start: yaml.Event, path: str) -> ListNode:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]"))
        return ListNode(tuple(items), *self._place(start))

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> ScalarNode:
        place = self._place(event)
        if event.style is not None:
            node = ScalarNode(event.value, event.value, *place)
            self._refuse_surrogates(node, path)
            return node
        if _LEADING_ZERO.fullmatch(event.value):
            stripped = re.sub(r"^([-+]?)0+(?=\d)", r"\1", event.value)
            hint = f"write {stripped}, or '{event.value}' in quotes for text"
            self._report.refuse(ScalarNode(None, "", *place), path, f"{event.value} has a leading zero", hint)
            return ScalarNode(plain_scalar(stripped), event.value, *place)
        return ScalarNode(plain_scalar(event.value), event.value, *place)

    def _refuse_extras(self, event: yaml.Event, path: str) -> None:
        node = ScalarNode(None, "", *self._place(event))
        if isinstance(event, yaml.AliasEvent):
            self._report.refuse(node, path, f"aliases (*{event.anchor}) are not allowed", "write the value out")
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            self._report.refuse(node, path, f"anchors (&{event.anchor}) are not allowed", "write values out")
        if tag := getattr(event, "tag", None):
            self._report.refuse(node, path, f"tags ({tag}) are not allowed", "leave it out, or quote the text")

    def _refuse_surrogates(self, node: ScalarNode, path: str) -> None:
        if any("\ud800" <= letter <= "\udfff" for letter in node.raw):
            self._report.refuse(node, path, "half a surrogate pair, which is not a character")

    def _place(self, event: yaml.Event) -> tuple[int, int, str]:
        return *_place(event.start_mark), self._source


_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    "true": True,
    "false": False,
    **{sign + word: float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


def plain_scalar(text: str) -> Scalar | None:
    """Read an unquoted scalar as the core schema of YAML 1.2 does."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() and len(text) <= 300 else float(text)
