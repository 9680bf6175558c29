"""Fault injection: `NAS_FAIL_AT=commit:17` kills this process, as kill -9 does, before its 17th transaction commits.

For tests of what a crash leaves. `committed:17` kills it after that commit, before anything else is done, and
`statement:17` before the 17th statement, which may be in the middle of a transaction or of a migration. What is
counted belongs to one opened database.
"""

import os
import re
import signal
from itertools import count

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from nas.errors import VariableError

VARIABLE = "NAS_FAIL_AT"
_COMMITTED = "nas_fail_point"
_GRAMMAR = re.compile(r"(commit|committed|statement):([1-9][0-9]*)")


def arm(writer: Engine) -> None:
    """Put the fail point that the environment asks for into what writes; without one, do nothing.

    Raises:
        VariableError: the environment asks for something else.
    """
    if not (wanted := os.environ.get(VARIABLE)):
        return
    match = _GRAMMAR.fullmatch(wanted)
    if match is None:
        raise VariableError(f"{VARIABLE}={wanted!r}: allowed are commit:N, committed:N and statement:N, N from 1")
    kind, at, numbers = match[1], int(match[2]), count(1)

    def before_statement(*_: object) -> None:
        if kind == "statement" and next(numbers) == at:
            _die()

    def before_commit(connection: Connection) -> None:
        if kind != "statement" and next(numbers) == at:
            connection.info[_COMMITTED] = True
            if kind == "commit":
                _die()

    def after_commit(connection: object, entry: ConnectionPoolEntry) -> None:
        if _COMMITTED in entry.info:
            _die()

    event.listen(writer, "before_cursor_execute", before_statement)
    event.listen(writer, "commit", before_commit)
    event.listen(writer.pool, "checkin", after_commit)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
