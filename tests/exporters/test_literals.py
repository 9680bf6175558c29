"""Literals in exported source: what is written is what is read, and no line is too long."""

import ast

import pytest

from workers.exporters._literals import WIDTH, literal

VALUES = [
    {"columns": [{"name": f"column {n}", "categories": [f"c{m}" for m in range(n)]} for n in range(40)]},
    ["it's", 'a "quote"', "both ' and \"", "back\\slash", "new\nline", "\u2028", b"bytes\xff", True, None, -0.5, 1e300],
    [list(range(200)), [[0.1] * 60]],
    {},
    [],
]


@pytest.mark.parametrize("value", VALUES)
def test_a_literal_says_what_it_was_made_from(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_lines_fit_and_what_fits_is_one_line() -> None:
    lines = literal(VALUES[0]).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert literal({"a": [1, 2], "b": "c"}) == '{"a": [1, 2], "b": "c"}'


def test_lines_below_are_indented_by_four() -> None:
    long = "x" * 60
    assert literal({"a": [long, long]}) == f'{{\n    "a": [\n        "{long}",\n        "{long}",\n    ],\n}}'
