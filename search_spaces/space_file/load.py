"""Reader of a search space: `family`, its hyper-parameters, the recipe's, `constraints` and `limits`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from search_spaces.documents.cursor import Cursor
from search_spaces.documents.nodes import Entry, MapNode, Node, Report, ScalarNode
from search_spaces.documents.parser import read
from search_spaces.errors import SpecError, nearest
from search_spaces.families import FAMILIES
from search_spaces.network import SIZES
from search_spaces.space import Limits, SearchSpace
from search_spaces.space_file.space import Reading

LIBRARY = Path(__file__).parents[1] / "library"
HUGE = 10**15
OWN_KEYS = ("name", "family", "constraints", "limits")


def library() -> tuple[str, ...]:
    """List the ready-made spaces."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def load_space(path: str | Path) -> SearchSpace:
    """Read a ready-made space by name, or one from its own file; SpecError lists every mistake in it."""
    file = LIBRARY / f"{path}.yaml" if str(path) in library() else Path(path)
    report = Report(str(file))
    space = read_space(Cursor(read(file, report), "", report), name=file.stem)
    report.check()
    assert space is not None
    return space


def spelled_out(node: Node, report: Report, base: Path) -> Node:
    """Turn the name of a ready-made space, or the path of a file, into the document it stands for."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return node
    cursor = Cursor(node, "space", report)
    named = node.value in library()
    if not named and not node.value.endswith(".yaml"):
        hint = "or the path of a file that ends in .yaml"
        cursor.mistake(f"unknown space {node.value!r}{nearest(node.value, library())}", hint)
        return replace(node, value=None)
    file = LIBRARY / f"{node.value}.yaml" if named else base / node.value
    try:
        document = read(file, report)
    except SpecError as error:
        cursor.mistake(str(error))
        return replace(node, value=None)
    if not isinstance(document, MapNode) or document.get("name"):
        return document
    key = ScalarNode("name", "name", node.line, node.column, node.source)
    return replace(document, entries=(Entry(key, replace(key, value=file.stem, raw=file.stem)), *document.entries))


def read_space(cursor: Cursor, *, name: str = "") -> SearchSpace | None:
    """Read a space, reporting its mistakes; None if there were any that leave no space."""
    entries = cursor.entries("a search space: a mapping with a family, or the name of one")
    if not isinstance(cursor.node, MapNode):
        return None
    family = _family(cursor, entries)
    if not family:
        return None
    reading = Reading(cursor, family)
    fields = cursor.fields((*OWN_KEYS, *reading.keys), rare=reading.rare)
    reading.take(fields)
    limits = read_limits(fields["limits"]) if "limits" in fields else Limits()
    called = fields["name"].text(name) if "name" in fields else name
    return reading.space(called or family, limits, fields.get("constraints"))


def read_limits(cursor: Cursor) -> Limits:
    """Read `{parameters: 200k, flops: 2M, memory: 64MB}`."""
    fields = cursor.fields(SIZES)
    return Limits(
        parameters=fields["parameters"].integer(0, 0, HUGE) if "parameters" in fields else 0,
        flops=fields["flops"].integer(0, 0, HUGE) if "flops" in fields else 0,
        memory=fields["memory"].bytes(0, HUGE) if "memory" in fields else 0,
    )


def _family(cursor: Cursor, entries: Mapping[str, Cursor]) -> str:
    if "family" in entries:
        return entries["family"].name(FAMILIES.names(), "family")
    guess = next((key for key in entries if nearest(key, ("family",)).startswith(" (did")), "")
    meant = f"did you mean family for {guess!r}?" if guess else f"one of: {', '.join(FAMILIES.names())}"
    cursor.mistake("needs a family", meant)
    return ""
