"""Every shell line of the pages is one that this project understands, and the command line is described in full."""

import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
from pages import ROOT, blocks
from typer.core import TyperGroup

from nas.cli import main
from nas.cli._exits import CODES
from nas.cli.output.events import Events

CLI = ROOT / "docs" / "cli.md"
LINES = [
    pytest.param(line, id=f"{block.page.name}: {line}")
    for block in blocks("sh")
    for text in block.text.splitlines()
    if (line := shlex.join(shlex.split(text, comments=True)))
]


@pytest.mark.parametrize("line", LINES)
def test_a_shell_line_is_understood(line: str) -> None:
    program, *arguments = shlex.split(line)
    if Path(program).name.startswith("python"):
        assert arguments[0] == "-m"
        program, *arguments = arguments[1:]
    if program == "nas":
        _parse(arguments)
    elif program == "make":
        assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in arguments)
    elif program == "pip":
        assert arguments[0] == "install"
    else:
        assert importlib.util.find_spec(program), f"nothing is called {program!r}"


def test_there_are_as_many_shell_lines_as_expected() -> None:
    assert len(LINES) >= 20


def test_every_exit_code_is_in_the_table() -> None:
    rows = [line.split(" | ") for line in CLI.read_text("utf-8").splitlines() if re.match(r"\| [0-9, ]+ \|", line)]
    told = {name: int(row[0].strip("| ")) for row in rows for name in re.findall(r"`(\w+)`", row[-1]) if name[0] != "n"}
    assert {kind.__name__: code for kind, code in CODES.items()}.items() <= told.items()


def test_every_event_is_in_the_table() -> None:
    source = Path(importlib.util.find_spec(Events.__module__).origin or "").read_text("utf-8")  # type: ignore[union-attr]
    events = set(re.findall(r'"event": "([a-z.]+)"', source))
    assert len(events) == 5
    assert events == set(re.findall(r"^\| `([a-z]+(?:\.[a-z]+)?)` \| .*\|.*\|$", CLI.read_text("utf-8"), re.MULTILINE))


def test_the_last_line_that_is_shown_is_json() -> None:
    assert json.loads(blocks("json", CLI)[0].text)["event"] == "study.finished"


def _parse(arguments: list[str]) -> None:
    """Let a command read its arguments, without running it."""
    if arguments == ["--help"]:
        return
    command = main.load(arguments[0])
    rest = arguments[1:]
    while isinstance(command, TyperGroup):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(" ".join(arguments[:1]), rest)


def test_every_environment_variable_is_described() -> None:
    sources = "".join(
        path.read_text("utf-8") for package in ("nas", "workers") for path in (ROOT / package).rglob("*.py")
    )
    variables = set(re.findall(r"\"(NAS_[A-Z]+)\"", sources))
    assert len(variables) >= 3
    assert variables <= set(re.findall(r"^\| `(NAS_\w+)` \|", CLI.read_text("utf-8"), re.MULTILINE))
