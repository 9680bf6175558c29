"""Every command is found, lazily, and says what it does."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_runs import Nas, Ran, environment
from typer.core import TyperCommand, TyperGroup

from nas.cli.main import COMMANDS, load

ALONE = (
    "check",
    "dashboard",
    "doctor",
    "export",
    "ls",
    "resume",
    "run",
    "show",
    "spaces",
    "stop",
    "tasks",
    "top",
    "trial",
)


def commands() -> Iterator[tuple[str, TyperCommand]]:
    for name in COMMANDS.names():
        command = load(name)
        if isinstance(command, TyperGroup):
            for inner, below in command.commands.items():
                assert isinstance(below, TyperCommand)
                yield f"{name} {inner}", below
        else:
            yield name, command


ALL = dict(commands())


def test_the_commands_are_those_of_the_documentation() -> None:
    assert list(ALL) == sorted([*ALONE, "db status", "db upgrade", "db check", "db backup"], key=list(ALL).index)
    assert len(ALL) == 17


@pytest.mark.parametrize("name", ALL)
def test_a_command_says_what_it_does(name: str) -> None:
    assert (ALL[name].help or "").strip().endswith(".")


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_is(name: str) -> None:
    silent = [item.name for item in ALL[name].params if not getattr(item, "help", None)]
    assert not silent


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command_is_printed(name: str, nas: Nas) -> None:
    ran = nas(*name.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: nas {name}" in ran.out


@pytest.mark.parametrize("name", [name for name in ALL if name != "dashboard"])
def test_every_command_but_the_dashboard_speaks_json(name: str) -> None:
    """The dashboard serves until it is ended and has no result that a program could read."""
    assert "json" in {item.name for item in ALL[name].params}


def test_help_lists_every_command_with_the_head_of_its_file(nas: Nas) -> None:
    out = " ".join(nas("--help").out.split())
    assert [name for name in COMMANDS.names() if f"{name} {COMMANDS.describe(name)}" not in out] == []


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """Which packages a fresh process has loaded after a command."""
    code = (
        "import sys\nfrom nas.cli.main import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment())
    return set(done.stderr.split())


def test_help_loads_nothing_that_is_slow(searched: tuple[Path, Ran]) -> None:
    slow = {"torch", "optuna", "sqlalchemy", "numpy", "rich", "yaml", "sklearn"}
    assert not imported_by(searched[0], "--help") & slow


@pytest.mark.parametrize("arguments", [("ls",), ("show", "first"), ("top", "first"), ("trial", "first", "0")])
def test_reading_a_study_never_loads_torch_nor_optuna(searched: tuple[Path, Ran], arguments: tuple[str, ...]) -> None:
    assert not imported_by(searched[0], *arguments) & {"torch", "optuna", "sklearn"}
