"""Database protocol: what differs between kinds of databases, and the choice of one by URL."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Engine, Float
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.functions import FunctionElement

from nas.errors import StorageError
from nas.redaction import redacted
from nas.storage.backends.fault_injection import arm

KINDS = ("sqlite", "postgresql")
"""The kinds of databases by their names in a URL; each has a file of its own here."""
EXAMPLES = "try 'sqlite:///nas.db' or 'postgresql+psycopg://user@host/database'"


class now(FunctionElement[float]):  # noqa: N801 - a function of SQL
    """Seconds since 1970 by the clock of the database, at this very moment."""

    type = Float(53)
    inherit_cache = True


class Database(Protocol):
    """An opened database; its file says how the kind is locked, asked and understood."""

    where: str
    """How it is called when something is said of it; without a password."""
    address: str
    """The whole URL, from which any process of this machine can open it; with its password, so never shown."""
    for_optuna: Mapping[str, Any]
    """Options of an engine that Optuna makes of the address."""
    reader: Engine
    """Its transactions see one snapshot."""
    writer: Engine
    retry_timeout: float
    """For how many seconds an idempotent transaction that lost its connection is tried again."""
    driver_errors: tuple[type[Exception], ...]

    def lock_schema(self, connection: Connection) -> None:
        """Keep others from migrating until the transaction ends."""
        ...

    def bytes(self, connection: Connection) -> int:
        """Return the size of all that it holds."""
        ...

    def integrity_errors(self, connection: Connection) -> list[str]:
        """Ask the database about its own integrity, and that of the rows of our tables."""
        ...

    def backup(self, target: Path) -> None:
        """Write a consistent copy to a new file."""
        ...

    def explain(self, error: BaseException | None) -> str | None:
        """Return what a driver's error means and what to do; None for a mistake of ours."""
        ...

    def is_transient(self, error: BaseException | None) -> bool:
        """Return whether an error may be over in a moment, as that of a lost connection."""
        ...


def connect(url: str, *, create: bool) -> Database:
    """Return the database of a URL; only `create` makes a missing file.

    Raises:
        StudyNotFound: the file is missing and must not be created.
        StorageError: it is no URL of a usable database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        str(parsed.database or "").encode("utf-8")
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or "\0" in (parsed.database or ""):  # what was raised may quote a password
        raise StorageError(f"storage {redacted(url)!r} is no database URL ({EXAMPLES})")
    kind = parsed.get_backend_name()
    if kind not in KINDS:
        raise StorageError(f"storage {redacted(url)!r}: only SQLite and PostgreSQL are supported ({EXAMPLES})")
    database = cast(Database, import_module(f"nas.storage.backends.{kind}").connect(parsed, create=create))
    arm(database.writer)
    return database
