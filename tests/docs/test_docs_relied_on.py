"""The page of what nobody promises: each test and each file that it names exists."""

import re

from pages import ROOT, functions_of

TEXT = (ROOT / "docs" / "relied-on.md").read_text("utf-8")
NAMED = re.findall(r"\| `(tests/\S+\.py)::(\w+)` \|$", TEXT, re.MULTILINE)
FILES = re.findall(r"\| `((?:nas|workers|search_spaces)/\S+\.py)` \|", TEXT)


def test_every_row_names_a_file_and_a_test() -> None:
    rows = re.findall(r"^\| [^-w].*\|$", TEXT, re.MULTILINE)
    assert len(rows) == len(NAMED) == len(FILES) > 5


def test_every_named_test_exists() -> None:
    missing = [f"{file}::{name}" for file, name in NAMED if name not in functions_of(ROOT / file)]
    assert missing == []


def test_every_named_file_exists() -> None:
    assert [file for file in FILES if not (ROOT / file).is_file()] == []
