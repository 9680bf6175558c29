"""Text of foreign origin reaches the terminal escaped, and is no markup."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command_runs import STUDY, Nas, run_in

from nas.cli.output.console import facts, table
from nas.cli.output.escaping import Console, escaped

ODD = "\x1b]0;title\x07\x1b[31m[bold]\u202e\ud800"
SHOWN = r"\x1b]0;title\x07\x1b[31m[bold]\u202e\ud800"


def test_what_a_terminal_would_obey_is_shown_as_python_writes_it() -> None:
    assert escaped(ODD) == SHOWN
    assert escaped("é ∅ 日本 \t\n") == "é ∅ 日本 \t\n"


def test_whatever_is_printed_is_escaped_and_no_markup() -> None:
    said = io.StringIO()
    console = Console(file=said, width=200)
    board = table("name")
    board.add_row(ODD)
    for item in (ODD, facts({"key": ODD}), board, "[/closing] :smile:"):
        console.print(item)
    assert said.getvalue().replace(r"\x07", "").count(SHOWN.replace(r"\x07", "")) == 3
    assert "[/closing] :smile:" in said.getvalue()
    assert "\x1b" not in said.getvalue()


def test_colours_of_our_own_stay() -> None:
    said = io.StringIO()
    Console(file=said, force_terminal=True, color_system="standard").print(facts({"key": "value"}))
    assert "\x1b[2m" in said.getvalue()


@pytest.mark.parametrize("command", [("show", "first"), ("trial", "first", "0"), ("top", "first"), ("ls",)])
def test_a_record_with_odd_texts_is_shown_by_every_command(
    command: tuple[str, ...], fresh: Nas, tmp_path: Path
) -> None:
    quick = ("--trials", "1", "--set", "budget.epochs=1", "--set", "final.seeds=0", "--set", "artifacts.export=[]")
    assert fresh("run", "study.yaml", *quick).code == 0
    with closing(sqlite3.connect(tmp_path / "nas.db")) as connection, connection:
        connection.execute("UPDATE nas_trial SET reason = ?", ("crash: \x1b[2J [/b] \x07",))
        connection.execute("UPDATE nas_study SET environment = ?", (json.dumps({"python": "\x1b[2J [/b] \ud800"}),))
    ran = fresh(*command)
    assert ran.code == 0
    assert not set("\x1b\x07\ud800") & set(ran.out + ran.err)
    assert set("\x1b\x07").isdisjoint(fresh(*command, "--json").out)


@pytest.mark.parametrize("name", ["\x1b[2J", "[/b]", "\udcff", "a\x00b"])
def test_a_name_on_the_command_line_is_escaped_in_the_refusal(name: str, fresh: Nas) -> None:
    fresh("run", "study.yaml", "--trials", "1", "--set", "budget.epochs=1", "--set", "artifacts.export=[]")
    ran = fresh("show", name)
    assert ran.code == 4
    assert not set(name) & set("\x1b\udcff\x00") & set(ran.err)
    assert "unexpected" not in ran.err


def test_a_table_of_odd_names_is_searched_and_shown(tmp_path: Path) -> None:
    rows = "".join(f"{number % 7},\x1b[3{number % 2}m class {number % 2}\n" for number in range(80))
    (tmp_path / "\x1bd.csv").write_text("\x1b[31mcolumn,y\n" + rows)
    text = STUDY.replace("task: wine", 'task: {csv: {path: "\\x1bd.csv", target: y}}').replace(
        "trials: 16", "trials: 2"
    )
    (tmp_path / "study.yaml").write_text(text)
    for command in (("check", "study.yaml"), ("run", "study.yaml"), ("show", "first")):
        ran = run_in(tmp_path, *command)
        assert ran.code == 0, ran.err
        assert "\x1b" not in ran.out + ran.err
