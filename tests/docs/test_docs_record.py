"""The record's page names every table, column, state and event; the benchmarks' page every benchmark."""

import re
from pathlib import Path

import pytest
from pages import ROOT
from sqlalchemy import Table

from nas.storage.tables import metadata
from nas.trials import TrialState

TEXT = (ROOT / "docs" / "record.md").read_text("utf-8")
NO_BENCHMARKS = ("__init__", "eager", "machine", "optuna_loop", "real_data", "real_rivals", "recorded", "tune_loop")


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_of_a_table_is_described(table: Table) -> None:
    section = TEXT.partition(f"\n`{table.name}`: ")[2].partition("\n\n`nas_")[0].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert re.findall(r"`(\w+)`", "".join(rows)) != []
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == {column.name for column in table.columns}


def test_the_tables_are_six() -> None:
    assert len(metadata.sorted_tables) == 6


def test_every_state_and_event_is_named() -> None:
    states = {state.value for state in TrialState}
    events = {
        kind
        for path in (ROOT / "nas").rglob("*.py")
        for kind in re.findall(r"ledger\.event\(\s*\"([a-z.]+)\"", path.read_text("utf-8"))
    }
    assert events
    assert all(name in TEXT for name in states)
    assert all(f"`{kind}`" in TEXT for kind in events)


def test_every_benchmark_has_a_section() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    names = {path.stem for path in Path(ROOT, "benchmarks").glob("*.py")} - {*NO_BENCHMARKS}
    assert names == set(re.findall(r"^## benchmarks\.(\w+)$", text, re.MULTILINE))
