"""Usage errors: a wrong command line, reported in one line like every other error.

Errors are `Any` here: their classes are in click, or in typer's own copy of it.
"""

import re
from typing import Any

from search_spaces.errors import nearest

CODE = 2
"""The exit code of a wrong command line."""


def is_usage_error(error: Exception) -> bool:
    """Return whether the parser of the command line raised it; which package that is in depends on typer's version."""
    return any(kind.__name__ == "UsageError" for kind in type(error).__mro__)


def usage_message(error: Any) -> str:
    """Return what to print: a line that says what is wrong and where to look, or the help of a command without any."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    path = error.ctx.command_path if error.ctx else "nas"
    return f"error: {_wrong(error)} (see {path} --help)"


def _wrong(error: Any) -> str:
    """Return what is wrong, with the nearest match of a name."""
    message = str(error.message)
    if type(error).__name__ == "NoSuchOption":
        known = [option for param in error.ctx.command.params for option in param.opts if option.startswith("--")]
        return f"unknown option {error.option_name!r}{nearest(error.option_name, [*known, '--help'])}"
    command = re.match(r"No such command '(.*?)'", message)
    if command:
        return f"unknown command {command[1]!r}{nearest(command[1], error.ctx.command.list_commands(error.ctx))}"
    if type(error).__name__ == "BadParameter":
        return f"{_place(error)}: {_value(error)}"
    plain = str(error.format_message()).rstrip(".")
    return plain[:1].lower() + plain[1:]


def _place(error: Any) -> str:
    if error.param is None:
        return str(error.param_hint or "argument")
    first = str(error.param.opts[0])
    return first if first.startswith("-") else str(error.param.metavar or error.param.name.upper())


def _value(error: Any) -> str:
    """Return what a value should be, and what it is where the reader of values tells."""
    found: list[dict[str, object]] = getattr(error.__cause__, "errors", list)()
    message = str(error.message).removeprefix("Input ")
    return f"{message.partition(',')[0]}, got {found[0]['input']!r}" if found else message
