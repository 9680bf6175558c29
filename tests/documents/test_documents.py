"""Strict YAML: what a scalar is, and that every value knows its place."""

import math

import pytest

from search_spaces.documents.nodes import ListNode, MapNode, Report, ScalarNode
from search_spaces.documents.parser import parse, plain_scalar
from search_spaces.documents.quantities import BYTES, COUNTS, duration, quantity
from search_spaces.space_file.as_yaml import to_yaml

SCALARS = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "1": 1,
    "-1": -1,
    "+1": 1,
    "0": 0,
    "1.5": 1.5,
    ".5": 0.5,
    "1.": 1.0,
    "1e-3": 1e-3,
    "1E5": 1e5,
    "1e-4": 1e-4,
    **{word: word for word in ("no", "off", "on", "yes", "True", "False", "y", "n")},
    **{text: text for text in ("12:30:45", "2024-01-01", "0x1F", "0o17", "1_000", "1..6", "1e-4..1 log", "<<", "=")},
    ".inf": math.inf,
    "-.inf": -math.inf,
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=map(repr, SCALARS))
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: object) -> None:
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_a_quoted_scalar_is_text() -> None:
    assert parse("'true'", Report()) == ScalarNode("true", "true", 1, 1)


def test_every_value_knows_its_line_and_column() -> None:
    root = parse("a:\n  - x\n  - {b: y}\n", Report())
    assert isinstance(root, MapNode)
    items = root.get("a")
    assert isinstance(items, ListNode)
    inner = items.items[1]
    assert isinstance(inner, MapNode)
    value = inner.get("b")
    assert value is not None
    assert [(node.line, node.column) for node in (root, items, items.items[0], inner, value)] == [
        (1, 1),
        (2, 3),
        (2, 5),
        (3, 5),
        (3, 9),
    ]


def test_a_block_of_text_is_text() -> None:
    root = parse("a: |\n  true\n", Report())
    assert isinstance(root, MapNode)
    assert root.get("a") == ScalarNode("true\n", "true\n", 1, 4)


TEXTS = (
    "plain",
    "true",
    "1e-3",
    "",
    " x ",
    "a: b",
    "# a",
    "ü\n\t\x7f",
    "😀",
    "'",
    '"',
    "-",
    "010",
    "[a",
    "1..6 log",
    "\\",
)


@pytest.mark.parametrize("text", TEXTS, ids=map(repr, TEXTS))
def test_what_is_written_reads_back(text: str) -> None:
    root = parse(to_yaml({"a": text, "b": {text or "empty": {"c": [text, 1, 0.5, True]}}}), Report())
    assert isinstance(root, MapNode)
    found = root.get("a")
    assert isinstance(found, ScalarNode)
    assert found.value == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("1d", 86400), ("2 h", 7200)],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "2", "2x", "2h!", "-2h", "1..2h", "2 h m"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(("text", "count"), [("200k", 200_000), ("2M", 2_000_000), ("1.5k", 1500), ("7", 7)])
def test_a_count_has_a_unit(text: str, count: float) -> None:
    assert quantity(text, COUNTS) == count


@pytest.mark.parametrize(("text", "size"), [("64MB", 64_000_000), ("64MiB", 67_108_864), ("1 GB", 10**9)])
def test_a_size_has_a_unit(text: str, size: float) -> None:
    assert quantity(text, BYTES) == size
