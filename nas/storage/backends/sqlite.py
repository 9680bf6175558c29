"""SQLite backend: opening, locking, copying, database time, and the meaning of its errors."""

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.sql.compiler import SQLCompiler

from nas.errors import StorageError
from nas.redaction import redacted
from nas.storage.backends.protocol import EXAMPLES, now
from nas.storage.backends.sqlite_file import DatabaseFile, may_be_written, require

BUSY_SECONDS = 60.0
_WRITE = "nas_write"
_MISTAKES = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
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


class Sqlite:
    """An open file. One writer at a time, readers are not disturbed."""

    retry_timeout = 0.0  # it waits for locks by itself, and there is no connection to lose
    driver_errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    for_optuna: Mapping[str, Any] = {"connect_args": {"timeout": 60.0}}

    def __init__(self, path: Path, engine: Engine) -> None:
        self.where, self.address, self._path = str(path), url_of(path), path
        self.reader = engine
        self.writer = engine.execution_options(**{_WRITE: True})

    def lock_schema(self, connection: Connection) -> None:
        """Do nothing: who writes has locked the whole file."""

    def bytes(self, connection: Connection) -> int:
        """Return the size of the file."""
        return self._path.stat().st_size

    def integrity_errors(self, connection: Connection) -> list[str]:
        """Ask about the whole file, and look for rows of ours without their parents."""
        answers = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [
            *(f"integrity: {answer}" for answer in answers if answer != "ok"),
            *(
                f"a row of {row[0]} belongs to a row of {row[2]} that does not exist"
                for row in strays
                if row[0][:4] == "nas_"
            ),
        ]

    def backup(self, target: Path) -> None:
        """Copy a consistent snapshot to a new file, while others may write."""
        with self.reader.connect() as connection, sqlite3.connect(target) as copy:
            cast(sqlite3.Connection, connection.connection.driver_connection).backup(copy)
        copy.close()

    def explain(self, error: BaseException | None) -> str | None:
        """Return what SQLite's name of the error means."""
        if isinstance(error, _MISTAKES):
            return None
        name = str(getattr(error, "sqlite_errorname", ""))
        for code, sentence in _SENTENCES.items():
            if name == code or name.startswith(f"{code}_"):
                return sentence
        return f"{error}"

    def is_transient(self, error: BaseException | None) -> bool:
        """Return False: SQLite has waited for locks already."""
        return False


def connect(url: URL, *, create: bool) -> Sqlite:
    """Open the file of a URL; only `create` makes a missing one.

    Raises:
        StudyNotFound: the file is missing and must not be created.
        StorageError: the URL names no file, or it cannot be there.
    """
    path = _file_of(url)
    try:
        require(path, create=create)
        file = DatabaseFile(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    reading = not may_be_written(path)
    engine = create_engine("sqlite://", creator=_opener(path, reading), poolclass=QueuePool, max_overflow=20)
    event.listen(engine, "connect", _prepare_reading if reading else _prepare)
    event.listen(engine, "begin", _beginner(file))
    return Sqlite(path, engine)


def url_of(path: Path) -> str:
    """Return the URL of a file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


@compiles(now, "sqlite")
def _now(element: now, compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


def _file_of(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        shown = redacted(url.render_as_string(hide_password=False))
        raise StorageError(f"storage {shown!r} names no file, and a study must outlive its process ({EXAMPLES})")
    return Path(url.database).absolute()


def _opener(path: Path, reading: bool) -> Callable[[], sqlite3.Connection]:
    """Return what opens the file, and never creates it: one deleted while in use must not come back empty.

    Where nothing can be written beside it, as on a medium that is mounted to be read, SQLite cannot keep its lists of
    readers there; then nobody writes it either, which it has to be told.
    """
    address = f"file:{quote(str(path))}?{'mode=ro&immutable=1' if reading else 'mode=rw'}"
    return lambda: sqlite3.connect(
        address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -32000")


def _prepare_reading(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -32000")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a fresh file to write-ahead logging; SQLite does not wait for other openers by itself here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _beginner(file: DatabaseFile) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITE, False)
        if writes:
            file.require_same()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return begin
