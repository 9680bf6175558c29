"""Decisions are numbered, dated, and have a status that leads somewhere."""

import re

from pages import ROOT

TEXT = (ROOT / "docs" / "why.md").read_text("utf-8")
ENTRIES = re.findall(r"^## (\d+)\. .+\n\n(.+)$", TEXT, re.MULTILINE)


def test_the_numbers_have_no_gap() -> None:
    assert [int(number) for number, _ in ENTRIES] == list(range(1, len(ENTRIES) + 1))
    assert len(ENTRIES) == TEXT.count("\n## ") > 50


def test_every_decision_has_a_date_and_a_status() -> None:
    right = re.compile(r"\d{4}-\d\d-\d\d · (accepted|superseded by (\d+))")
    found = {number: right.fullmatch(line) for number, line in ENTRIES}
    assert [number for number, match in found.items() if match is None] == []
    later = {int(number): int(match[2]) for number, match in found.items() if match and match[2]}
    assert all(number < by <= len(ENTRIES) for number, by in later.items())
