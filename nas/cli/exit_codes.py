"""Exit codes, and errors as the lines a user reads."""

import os
import sys
import tempfile
import traceback

from nas.cli.output.escaping import escaped
from nas.cli.standard_streams import OutputLost
from nas.cli.standard_streams import report_lost_output as lost
from nas.cli.system_limits import is_disk_full, sentence
from nas.cli.usage_errors import CODE as USAGE
from nas.cli.usage_errors import is_usage_error, usage_message
from nas.errors import (
    DashboardUnusable,
    FolderUnusable,
    LeaseLost,
    NoUsableTrial,
    SchemaError,
    StorageError,
    StudyBusy,
    StudyExists,
    StudyNotFound,
    VariableError,
)
from search_spaces.errors import NasError, SpecError, UnknownName
from workers.errors import TaskError

CODES: dict[type[NasError], int] = {
    VariableError: 2,
    SpecError: 3,
    UnknownName: 3,
    TaskError: 3,
    StudyNotFound: 4,
    StudyExists: 5,
    StudyBusy: 5,
    LeaseLost: 5,
    StorageError: 6,
    FolderUnusable: 6,
    NoUsableTrial: 7,
    SchemaError: 8,
    DashboardUnusable: 9,
}
"""By the error; 0 is success, 1 any other error, 2 a wrong command line too, 130 and 143 a drained study."""

INTERRUPTED = 130
"""Ctrl-C in a command that has nothing to drain."""


def report_error(error: Exception) -> int:
    """Write an error to standard error and return the exit code it stands for."""
    if os.environ.get("NAS_TRACEBACK"):
        print(escaped("".join(traceback.format_exception(error))), file=sys.stderr, end="")  # noqa: T201  # as below
    if type(error).__name__ == "Abort":  # click's word for Ctrl-C
        return INTERRUPTED
    if isinstance(error, OutputLost):
        return lost(error)
    if is_usage_error(error):
        print(escaped(usage_message(error)), file=sys.stderr)  # noqa: T201  # as below
        return USAGE
    head = "" if _placed(error) else "error: "
    for line in _lines(error):
        print(escaped(f"{head}{line}"), file=sys.stderr)  # noqa: T201  # a broken console must still be able to say so
    return code_of(error)


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    if is_disk_full(error):
        return 6
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), 1)


def _placed(error: Exception) -> bool:
    """Return whether each line begins with file:line:column already, as editors want it."""
    return isinstance(error, SpecError) and bool(error.source)


def _lines(error: Exception) -> list[str]:
    if isinstance(error, NasError):
        return str(error).splitlines() or [type(error).__name__]
    if limit := sentence(error):
        return [limit]
    said = str(error).strip().partition("\n")[0]
    return [f"{type(error).__name__}: {said} (unexpected: please report it with {_kept(error)})"]


def _kept(error: Exception) -> str:
    """Write the traceback to a file and return where, or how to see it."""
    if os.environ.get("NAS_TRACEBACK"):
        return "the traceback above"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="nas-", suffix=".traceback", delete=False) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return "the traceback that NAS_TRACEBACK=1 shows"
    return file.name
