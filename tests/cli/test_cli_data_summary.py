"""What was done to the data: told by check, run and show, for people and as JSON; never raw, never without end."""

import json
from pathlib import Path

import pytest
from command_runs import run_in

from nas.cli.output import data_summary
from nas.storage.rows.encoding import dump, read_task
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
    "warning: column note is left out: texts that differ in most rows",
    "warning: column id is used as numbers, although each row has another whole number",
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


CUT = data_summary.Cut(12, "nas show t")


def test_a_terminal_sums_up_the_columns_beyond_the_first_and_names_the_command_that_shows_all() -> None:
    columns = [Column(f"c{number}", "number", missing=number % 2) for number in range(500)]
    told = data_summary.lines(info(*columns, Column("d", "category"), Column("e", "left out")), CUT)
    assert told[-1] == (
        "and 490 more columns: 488 numbers, 1 category, 1 left out; 244 of these have missing cells "
        "(all 502 columns: nas show t)"
    )
    assert len(told) == 13


def test_a_pipe_is_told_all_columns(folder: Path) -> None:
    names = [f"c{number}" for number in range(150)]
    rows = [",".join(f"{row % (3 + number)}.5" for number in range(150)) + f",{row % 2}" for row in range(60)]
    (folder / "d.csv").write_text("\n".join([",".join([*names, "y"]), *rows]))
    check, run = run_in(folder, "check", "study.yaml").out, run_in(folder, "run", "study.yaml").err
    for told in (check, run, run_in(folder, "show", "account").out):
        assert all(f"column {name} " in told for name in names)


def test_columns_with_the_same_warning_are_told_together() -> None:
    columns = [Column(name, "number", warning=f"read oddly (else say ignore: [{name}])") for name in ("c1", "c2")]
    assert data_summary.warnings(info(*columns)) == ["2 columns are read oddly (else say ignore: […]): c1, c2"]


def test_a_terminal_is_told_the_first_of_many_columns_with_the_same_warning() -> None:
    columns = [Column(f"c{number}", "number", warning="read oddly") for number in range(1500)]
    (line,) = data_summary.warnings(info(*columns), CUT)
    assert line == "1,500 columns are read oddly: c0, c1, c2, c3, c4, c5, c6, c7, …"


def test_columns_that_are_lost_come_before_those_that_were_read_in_another_notation() -> None:
    read, odd = Column("a", "number", warning="read oddly"), Column("b", "number", warning="used oddly")
    lost = Column("c", "left out", warning="left out: no row has a value")
    told = data_summary.warnings(info(read, odd, lost, warnings=("1 row is left out",)))
    assert [line.split()[1] for line in told] == ["row", "c", "b", "a"]


def test_many_classes_are_summed_up() -> None:
    counts = tuple(range(1000, 0, -1))
    (line,) = data_summary.lines(info(class_counts=counts, classes=tuple(map(str, counts))))
    assert line.endswith("988 others of 1 to 988 samples")


def test_names_from_a_file_never_reach_the_terminal_raw() -> None:
    name = "\x1b[2J\u202eevil\n"
    task = info(Column(name, "number", warning="odd"), classes=(name, "b"), class_counts=(1, 2), warnings=(name,))
    assert all(line.isprintable() for line in data_summary.lines(task))


def test_a_long_name_is_cut() -> None:
    assert all(len(line) < 200 for line in data_summary.lines(info(Column("x" * 5000, "number"))))


def test_the_account_survives_the_record() -> None:
    task = info(Column("x", "category", "declared", 1, 2, 3, 4, "", 5, "w"), warnings=("w",), duplicates=(1, 2))
    from dataclasses import asdict

    assert read_task(dump(asdict(task))) == task


def test_a_record_of_an_earlier_version_tells_nothing_and_is_read() -> None:
    old = {"name": "t", "kind": "regression", "inputs": [1], "outputs": 1, "samples": [1, 1, 1], "metrics": ["loss"]}
    task = read_task(dump({**old, "loss": "mse", "sha256": "0", "classes": [], "target_scale": [1.0]}))
    assert (task.columns, data_summary.lines(task)) == ((), [])


def test_duplicates_stand_beside_the_test_score_they_make_too_good(folder: Path) -> None:
    rows = [f"{row // 2},{row // 2 % 2}" for row in range(120)]
    (folder / "d.csv").write_text("\n".join(["x,y", *rows]))
    doubt = "test samples equal training or validation samples, target included: the test score may be too good"
    ran = run_in(folder, "run", "study.yaml", "--set", "final.seeds=1", "--set", "final.top=1")
    show, document = run_in(folder, "show", "account"), run_in(folder, "show", "account", "--json").json
    for told in (ran.out, show.out):
        lines = told.splitlines()
        (score,) = (place for place, line in enumerate(lines) if line.startswith("test  "))
        assert doubt in lines[score + 1]
    assert doubt in str(document["warnings"])
    assert doubt in str(run_in(folder, "ls", "--json").json[0]["warnings"])
