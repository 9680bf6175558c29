"""SQLite: how a file is opened, locked, upserted into and asked for the time. The one file that knows the dialect."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import URL, Column, Connection, Engine, Float, TableClause, and_, create_engine, event, literal_column
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from nas.errors import StorageError, StudyNotFound

BUSY_SECONDS = 60.0
WRITE = "nas_write"

NOW = literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float)
"""Seconds since 1970 by the clock of the database."""


def file_of(url: str) -> Path:
    """Return the absolute path of the file that a storage URL names."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError(f"storage {url!r} is no database URL (try 'sqlite:///nas.db')") from error
    if parsed.get_backend_name() != "sqlite":
        raise StorageError(f"storage {url!r}: only SQLite files are supported (try 'sqlite:///nas.db')")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise StorageError(
            f"storage {url!r} names no file, and a study must outlive its process (try 'sqlite:///nas.db')"
        )
    return Path(parsed.database).absolute()


def url_of(path: Path) -> str:
    """Return the URL of a file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def connect(path: Path, *, create: bool) -> Engine:
    """Return an engine on a file that exists; only `create` makes a missing one.

    Raises:
        StudyNotFound: the file is missing and must not be created.
        StorageError: the file cannot be there.
    """
    _require(path, create=create)
    identity = _identity(path)
    engine = create_engine("sqlite://", creator=_opener(path), poolclass=QueuePool, max_overflow=20)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _beginner(path, identity))
    return engine


def upsert(
    table: TableClause, keys: Sequence[str], *, frozen: Column[Any] | None = None, states: Sequence[str] = ()
) -> Insert:
    """Return an INSERT that updates a row with the same keys, unless its `frozen` column is one of `states`."""
    statement = insert(table)
    changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in (*keys, "id")}
    where = None if frozen is None else and_(*(frozen != state for state in states))
    return statement.on_conflict_do_update(index_elements=list(keys), set_=changed, where=where)


def insert_new(table: TableClause) -> Insert:
    """Return an INSERT that leaves a row with the same keys as it is."""
    return insert(table).on_conflict_do_nothing()


def backup(engine: Engine, target: Path) -> None:
    """Copy a consistent snapshot to a new file, while others may write."""
    with engine.connect() as connection, sqlite3.connect(target) as copy:
        cast(sqlite3.Connection, connection.connection.driver_connection).backup(copy)
    copy.close()


def damages(connection: Connection) -> list[str]:
    """Ask the database about its own integrity: of the whole file, and of the rows of our tables."""
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


def _require(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StorageError(f"{path} is a folder, not a database file")
    if path.exists():
        return
    if not create:
        raise StudyNotFound(
            f"there is no database {path} (give another with --storage, or start a study with `nas run`)"
        )
    if not path.parent.is_dir():
        raise StorageError(f"cannot create {path}: the folder {path.parent} does not exist")
    try:
        path.touch()
    except OSError as error:
        raise StorageError(f"cannot create {path}: {error.strerror or error}") from error


def _opener(path: Path) -> Callable[[], sqlite3.Connection]:
    address = f"file:{quote(str(path))}?mode=rw"  # never creates: a file deleted while in use must not come back empty
    return lambda: sqlite3.connect(
        address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
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


def _beginner(path: Path, identity: tuple[int, int]) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        if writes and _identity(path) != identity:
            raise StorageError(f"{path} was deleted or replaced while it was in use: nothing more is written to it")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return begin


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)
