"""The table of faults: each test it names exists, is run by the command it says, and none of a search's is left out."""

import re

from pages import ROOT, functions_of

TEXT = (ROOT / "docs" / "faults.md").read_text("utf-8")
NAMED = re.findall(r"\| `(tests/\S+\.py)::(\w+)` \| ([a-z, ]+) \|", TEXT)


def test_the_table_names_tests() -> None:
    assert len(NAMED) > 30
    assert len(NAMED) == TEXT.count("::")


def test_every_named_test_exists() -> None:
    missing = [f"{file}::{name}" for file, name, _ in NAMED if name not in functions_of(ROOT / file)]
    assert missing == []


def test_a_slow_test_is_said_to_be_run_by_chaos_alone() -> None:
    wrong = [
        name
        for file, name, command in NAMED
        if "," not in command and (command == "chaos") != functions_of(ROOT / file)[name].startswith("pytest.mark.slow")
    ]
    assert wrong == []


def test_no_fault_of_processes_is_left_out() -> None:
    files = [*(ROOT / "tests" / "chaos").glob("test_process_*.py"), ROOT / "tests" / "chaos" / "test_soak.py"]
    assert len(files) > 8
    assert {name for file in files for name in functions_of(file)} <= {name for _, name, _ in NAMED}
