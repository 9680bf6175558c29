"""What was done to the data: told by check, run and show, for people and as JSON; never raw, never without end."""

import json
from pathlib import Path

import pytest
from command_runs import run_in

from nas.cli.output import data_account
from nas.storage.encoding import dump, read_task
from workers.messages import Column, TaskInfo

STUDY = """
name: account
task: {csv: {path: d.csv, target: y}}
space: {family: mlp, depth: 1, width: 8}
budget: {trials: 1, epochs: 1}
final: {seeds: 0}
executor: inline
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NAS_STORAGE", raising=False)
    rows = [
        f"{row},some words of row {row},{'' if row % 5 else 'red'},{'no' if row % 4 else 'yes'}" for row in range(60)
    ]
    (tmp_path / "d.csv").write_text("\n".join(["id,note,colour,y", *rows, "7,seven,,"]))
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def info(*columns: Column, **more: object) -> TaskInfo:
    fields = {"name": "t", "kind": "classification", "inputs": (3,), "outputs": 2, "samples": (6, 2, 2)}
    fields |= {"metrics": ("loss",), "loss": "cross_entropy", "sha256": "0", "classes": ("a", "b")}
    return TaskInfo(**{**fields, "columns": columns, **more})  # type: ignore[arg-type]


TOLD = (
    "column note    left out (texts, 60 different ones in 60 rows)",
    "column colour  category (texts that recur), 2 of 2 categories kept, 48 missing → 3 inputs",
    "classes: no 75.0% (45), yes 25.0% (15)",
    "warning: column note holds texts",
    "warning: column id is another whole number in each row",
    "warning: 1 row without a target is left out, the first in line 62",
)


def test_check_run_and_show_tell_it_in_the_same_words(folder: Path) -> None:
    check, run = run_in(folder, "check", "study.yaml").out, run_in(folder, "run", "study.yaml").err
    show = run_in(folder, "show", "account").out
    for line in TOLD:
        assert f"# {line}" in check
        assert line in run
        assert line in show


def test_it_is_in_the_json_of_all_three(folder: Path) -> None:
    check = run_in(folder, "check", "study.yaml", "--json").json
    started = json.loads(run_in(folder, "run", "study.yaml", "--json").out.splitlines()[0])
    show = run_in(folder, "show", "account", "--json").json
    for document in (check, started, show):
        assert [column["kind"] for column in document["task"]["columns"]] == ["number", "left out", "category"]
        assert document["task"]["class_counts"] == [45, 15]


def test_many_columns_are_summed_up() -> None:
    columns = [Column(f"c{number}", "number", missing=number % 2) for number in range(500)]
    told = data_account.lines(info(*columns), 12)
    assert told[-1] == "and 488 further columns: 488 number, 244 with missing cells"
    assert len(told) == 13


def test_many_warnings_are_summed_up() -> None:
    columns = [Column(f"c{number}", "number", warning="is odd") for number in range(500)]
    assert len(data_account.warnings(info(*columns), 12)) == 13


def test_many_classes_are_summed_up() -> None:
    counts = tuple(range(1000, 0, -1))
    (line,) = data_account.lines(info(class_counts=counts, classes=tuple(map(str, counts))), 12)
    assert line.endswith("988 others of 1 to 988 samples")


def test_names_from_a_file_never_reach_the_terminal_raw() -> None:
    name = "\x1b[2J\u202eevil\n"
    task = info(Column(name, "number", warning="is odd"), classes=(name, "b"), class_counts=(1, 2), warnings=(name,))
    assert all(line.isprintable() for line in data_account.lines(task, 12))


def test_a_long_name_is_cut() -> None:
    assert all(len(line) < 200 for line in data_account.lines(info(Column("x" * 5000, "number")), 12))


def test_the_account_survives_the_record() -> None:
    task = info(Column("x", "category", "declared", 1, 2, 3, 4, "", 5, "w"), warnings=("w",), duplicates=(1, 2))
    from dataclasses import asdict

    assert read_task(dump(asdict(task))) == task


def test_a_record_of_an_earlier_version_tells_nothing_and_is_read() -> None:
    old = {"name": "t", "kind": "regression", "inputs": [1], "outputs": 1, "samples": [1, 1, 1], "metrics": ["loss"]}
    task = read_task(dump({**old, "loss": "mse", "sha256": "0", "classes": [], "target_scale": [1.0]}))
    assert (task.columns, data_account.lines(task, 12)) == ((), [])
