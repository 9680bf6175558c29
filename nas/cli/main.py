"""Console script `nas`: find the command, load only its file, and turn errors into exit codes."""

import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Protocol

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from nas.cli import standard_streams
from nas.operating_system import require_linux
from search_spaces.errors import NasError
from search_spaces.registry import Menu
from search_spaces.version import version

COMMANDS = Menu("nas.cli.commands", "command", group="nas.cli")
_PLAIN: Mapping[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
"""Help as plain text: at once there, and readable in any terminal, pipe or file."""


def main(arguments: Sequence[str] | None = None, platform: str = sys.platform) -> None:
    """Run one command and exit with its code."""
    try:
        require_linux(platform)
    except NasError as error:
        sys.exit(f"error: {error}")  # the files that word errors need Linux themselves
    standard_streams.prepare()
    code: int | str | None = 1
    try:
        _require_working_folder()
        code = get_command(app).main(args=arguments, prog_name="nas", standalone_mode=False)
    except SystemExit as exit:
        code = exit.code
    except Exception as error:
        from nas.cli.exit_codes import report_error

        code = report_error(error)
    finally:
        code = standard_streams.flushed() or code
        gc.freeze()  # the process ends: going through all its objects once more would take a third of a second
    sys.exit(code or 0)


def _require_working_folder() -> None:
    try:
        os.getcwd()
    except OSError:  # the import costs nothing elsewhere
        from nas.cli.system_limits import require_working_folder

        require_working_folder()


class _Formatter(Protocol):
    """Formatter that help is written to."""

    def section(self, name: str) -> AbstractContextManager[None]: ...

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None: ...


class Commands(Mapping[str, TyperCommand | TyperGroup]):
    """The folder of commands; each file is imported when its command is wanted."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in COMMANDS.names():
            raise KeyError(name)
        return load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS.names())

    def __len__(self) -> int:
        return len(COMMANDS.names())


class LazyGroup(TyperGroup):
    """The group of all commands, which lists them without importing any."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]  # nothing is ever added to it

    def list_commands(self, ctx: object) -> list[str]:
        """List the names."""
        return list(COMMANDS.names())

    def format_commands(self, ctx: object, formatter: _Formatter) -> None:
        """Write a line for each command from the head of its file."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS.describe(name)) for name in COMMANDS.names()])


def load(name: str) -> TyperCommand | TyperGroup:
    """Import a command's file; it holds a function of its name, or a `typer.Typer` of several."""
    if find_spec(f"nas.cli.commands.{name}") is not None:
        return _command(name, getattr(import_module(f"nas.cli.commands.{name}"), name), COMMANDS.describe(name))
    with _blaming(name):
        entry = COMMANDS.load(name)
        command = _command(name, entry, (entry.__doc__ or "").strip().partition("\n")[0])
    invoke = command.invoke

    def invoked(context: Any) -> Any:
        with _blaming(name):
            return invoke(context)

    command.invoke = invoked  # type: ignore[assignment, method-assign]
    return command


def _command(name: str, entry: Any, described: str) -> TyperCommand | TyperGroup:
    if isinstance(entry, typer.Typer):
        command = get_command(entry)
    else:
        alone = typer.Typer(**_PLAIN)
        alone.command(name, help=described)(entry)
        command = get_command(alone)
    assert isinstance(command, TyperCommand | TyperGroup)
    command.name, command.help = name, described
    return command


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Name the distribution whose command it is in what it raises, but for what the command line itself means."""
    try:
        yield
    except NasError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("click", "typer"):
            raise
        said = f"{type(error).__name__}: {error}"
        raise NasError(f"{COMMANDS.whose(name)} failed: {said}") from error


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, **_PLAIN)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nas {version()}")
        raise typer.Exit


_VERSION = typer.Option("--version", help="print the version and exit", is_eager=True, callback=_print_version)


@app.callback()
def nas(version: Annotated[bool, _VERSION] = False) -> None:
    """Neural architecture search: from a ten-line study file to a trained network."""
