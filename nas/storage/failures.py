"""Failures of the database, as one sentence that says which file, what happened and what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from nas.errors import StorageError

_SENTENCES = {
    "SQLITE_FULL": "the disk is full: free some space, then go on with `nas resume`",
    "SQLITE_READONLY": "it is read-only: make the file and its folder writable",
    "SQLITE_NOTADB": "it is not a database: give another file, or restore a backup",
    "SQLITE_CORRUPT": "it is damaged: restore a backup, or try `sqlite3 FILE .recover`",
    "SQLITE_BUSY": "another process has locked it for over a minute: end that process",
    "SQLITE_LOCKED": "another process has locked it for over a minute: end that process",
    "SQLITE_CANTOPEN": "it cannot be opened: see that the file and its folder exist and may be written",
    "SQLITE_IOERR": "the disk failed to read or write it, or is full: see to the disk, then go on with `nas resume`",
    "SQLITE_PERM": "it may not be accessed: see to the permissions of the file and its folder",
    "SQLITE_AUTH": "it may not be accessed: see to the permissions of the file and its folder",
}


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the database or its file raises into a StorageError about `where`; our own mistakes pass through."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except DBAPIError as error:
        raise StorageError(f"{where}: {_sentence(error.orig)}") from error
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{where}: {_sentence(error)}") from error


def _sentence(error: BaseException | None) -> str:
    name = str(getattr(error, "sqlite_errorname", ""))
    for code, sentence in _SENTENCES.items():
        if name == code or name.startswith(f"{code}_"):
            return sentence
    return f"{error}"
