"""Every shell line of the pages is one that this project understands, and the command line is described in full."""

import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import ROOT, Block, blocks
from postgres_server import binaries
from typer.core import TyperGroup

from nas.cli import main
from nas.cli.exit_codes import CODES
from nas.cli.output.json_lines import JsonLines

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
    elif program in FOREIGN:
        FOREIGN[program](arguments)
    else:
        assert importlib.util.find_spec(program), f"nothing is called {program!r}"


def test_there_are_as_many_shell_lines_as_expected() -> None:
    assert len(LINES) >= 20


def test_every_exit_code_is_in_the_table() -> None:
    rows = [line.split(" | ") for line in CLI.read_text("utf-8").splitlines() if re.match(r"\| [0-9, ]+ \|", line)]
    told = {name: int(row[0].strip("| ")) for row in rows for name in re.findall(r"`(\w+)`", row[-1]) if name[0] != "n"}
    assert {kind.__name__: code for kind, code in CODES.items()}.items() <= told.items()


def test_every_event_is_in_the_table() -> None:
    source = Path(importlib.util.find_spec(JsonLines.__module__).origin or "").read_text("utf-8")  # type: ignore[union-attr]
    events = set(re.findall(r'"event": "([a-z.]+)"', source))
    assert len(events) == 6
    assert events == set(re.findall(r"^\| `([a-z]+(?:\.[a-z]+)?)` \| .*\|.*\|$", CLI.read_text("utf-8"), re.MULTILINE))


def test_the_last_line_that_is_shown_is_json() -> None:
    assert json.loads(blocks("json", CLI)[0].text)["event"] == "study.finished"


def _parse(arguments: list[str]) -> None:
    """Let a command read its arguments, without running it."""
    if arguments == ["--help"]:
        return
    command: Any = main.load(arguments[0])
    rest = arguments[1:]
    while isinstance(command, TyperGroup):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(" ".join(arguments[:1]), rest)


def _run(arguments: list[str]) -> None:
    """Leave a line to the test that runs its whole block."""
    assert any(arguments == shlex.split(line, comments=True)[1:] for block in RUN for line in block.text.splitlines())


def _ray(arguments: list[str]) -> None:
    """Let Ray's own command line read its arguments."""
    with warnings.catch_warnings(action="ignore"):  # about its own use of pydantic
        command, rest = importlib.import_module("ray.scripts.scripts").cli, arguments
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context("ray", rest)
    if "--" in rest:
        _parse(rest[rest.index("--") + 2 :])


def _compose(arguments: list[str]) -> None:
    """Look the files, the command and the services up; what a service is told is read as such."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert arguments[0] == "compose"
    rest = arguments[1:]
    while rest[0] == "-f":
        assert (ROOT / rest[1]).is_file()
        rest = rest[2:]
    command, named = rest[0], [word for word in rest[1:] if word in services]
    assert command in ("build", "up", "down", "run", "exec", "ps", "logs")
    if command in ("run", "exec"):
        program, *given = rest[rest.index(named[0]) + 1 :]
        assert program == "nas" or given[0].startswith("-")
        (_parse if program == "nas" else _postgres)(given)


def _postgres(arguments: list[str]) -> None:
    """Look each option up in what PostgreSQL's program says of itself."""
    program = binaries()[0] / ("pg_restore" if any("dbname" in word for word in arguments) else "pg_dump")
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(word.partition("=")[0] in told for word in arguments if word.startswith("--"))


FOREIGN = {
    "openssl": _run,
    "mkdir": _run,
    "chmod": _run,
    "export": _run,
    "ray": _ray,
    "docker": _compose,
    "pg_dump": _postgres,
    "pg_restore": _postgres,
}
RUN = [block for block in blocks("sh") if "openssl" in block.text]
"""Blocks that are run as they are."""


@pytest.mark.parametrize("block", RUN, ids=str)
def test_secrets_are_made_as_shown(block: Block, tmp_path: Path) -> None:
    subprocess.run(["sh", "-ec", block.text], cwd=tmp_path, check=True)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made
    assert all(len(path.read_text().strip()) == 64 for path in made)


def test_the_secrets_of_the_containers_are_those_of_their_file(tmp_path: Path) -> None:
    (block,) = [block for block in RUN if "mkdir" in block.text]
    subprocess.run(["sh", "-ec", block.text], cwd=tmp_path, check=True)
    named = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == set(named)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_every_environment_variable_is_described() -> None:
    sources = "".join(
        path.read_text("utf-8") for package in ("nas", "workers") for path in (ROOT / package).rglob("*.py")
    )
    variables = set(re.findall(r"\"(NAS_[A-Z]+)\"", sources))
    assert len(variables) >= 3
    assert variables <= set(re.findall(r"^\| `(NAS_\w+)` \|", CLI.read_text("utf-8"), re.MULTILINE))
