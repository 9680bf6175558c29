"""PostgreSQL backend: connecting, locking, server time, and the meaning of its errors."""

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, ForeignKeyConstraint, create_engine, event, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler

from nas.errors import StorageError
from nas.redaction import is_secret, redacted, without_password, without_secrets
from nas.storage import tables
from nas.storage.backends.password_file import with_password
from nas.storage.backends.protocol import EXAMPLES, now

if TYPE_CHECKING:
    import psycopg

DRIVER = "postgresql+psycopg"
RETRY_TIMEOUT = 60.0
_SCHEMA_LOCK = 0x6E61735F  # "nas_": an advisory lock that everybody takes who migrates
_NOTICED = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
"""A cut network is an error within ten seconds: five to give up a connection, three for another; the URL may differ."""
_SESSION = {
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "30s",  # what a controller left locked behind a cut network is freed
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_PASSING = ("08", "40", "57P01", "57P02", "57P03", "57P05", "53300", "25P03")
_MISTAKES = ("22", "23", "42", "0A")
_SENTENCES = {
    "28": "it does not let us in: see to the user and the password (PGPASSWORD, ~/.pgpass, ?password_file=)",
    "3D000": "there is no such database: create it with `createdb`",
    "42501": "the user may not do this: grant it the right to create tables in the database's schema, or own it",
    "25006": "it is read-only: give the address of the primary server",
    "53100": "the server's disk is full: free some space, then go on with `nas resume`",
    "53300": "the server has no connection free: end other clients, or raise its `max_connections`",
    "55P03": "another process has locked it for over a minute: end that process",
    "XX001": "it is damaged: restore a backup",
    "XX002": "it is damaged: run `reindexdb`, or restore a backup",
}
_AT_CONNECTING = {
    "authentication failed": "28",
    "no password supplied": "28",
    "no pg_hba.conf entry": "28",
    "role .* does not exist": "28",
    "database .* does not exist": "3D000",
    "too many clients": "53300",
    "remaining connection slots": "53300",
}
"""What a server says before a connection stands comes without a code."""
_PLAIN = re.compile(r"[\w.:/-]*")
_HINT = re.compile(r"\s*Is the server running [^?]*\?")


class Postgresql:
    """A database of a server. Writers of different studies do not wait for each other."""

    retry_timeout = RETRY_TIMEOUT

    def __init__(self, url: URL, engine: Engine, for_optuna: Mapping[str, Any]) -> None:
        from psycopg import Error

        self.address = _written(url)
        self.where = redacted(self.address)
        self.for_optuna = for_optuna
        self.driver_errors: tuple[type[Exception], ...] = (Error,)
        self.writer = engine
        self.reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._url = url

    def lock_schema(self, connection: Connection) -> None:
        """Wait for others that migrate, and let nobody else do so until the transaction ends."""
        connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def bytes(self, connection: Connection) -> int:
        """Return the size of the whole database, with what others keep in it."""
        return int(connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one())

    def integrity_errors(self, connection: Connection) -> list[str]:
        """Look for rows of ours without their parents, which a partial restore leaves, and for broken indexes."""
        constraints = [key for table in tables.metadata.sorted_tables for key in table.foreign_key_constraints]
        strays = [key for key in constraints if connection.execute(_strays(key)).first() is not None]
        broken = connection.exec_driver_sql(_BROKEN_INDEXES).scalars().all()
        return [
            *(f"the index {name} is not valid: run `reindexdb`" for name in broken),
            *(
                f"a row of {key.table.name} belongs to a row of {key.referred_table.name} that does not exist"
                for key in strays
            ),
        ]

    def backup(self, target: Path) -> None:
        """Refuse, with the command that does it."""
        url = without_password(_written(self._url.set(drivername="postgresql")))
        command = f"pg_dump --format=custom --file={shlex.quote(str(target))} {shlex.quote(url)}"
        raise StorageError(f"PostgreSQL makes its own copies, also while studies run: {command}")

    def explain(self, error: BaseException | None) -> str | None:
        """Return what the state of the error means; without one the server was not reached, or was lost."""
        state = _state(error)
        for code, sentence in _SENTENCES.items():
            if state.startswith(code):
                return sentence
        if state.startswith(_MISTAKES):
            return None
        said = " ".join(_HINT.sub("", without_secrets(str(error), _passwords(self._url))).split()).removeprefix(
            "connection failed: "
        )
        if not state or self.is_transient(error):
            return f"the server cannot be reached: {said}"
        return said

    def is_transient(self, error: BaseException | None) -> bool:
        """Return True for a lost connection, a full server, and what the server asks to do again."""
        return isinstance(error, self._broken()) and (not _state(error) or _state(error).startswith(_PASSING))

    @staticmethod
    def _broken() -> "tuple[type[psycopg.Error], ...]":
        from psycopg import InterfaceError, OperationalError

        return (OperationalError, InterfaceError)


def connect(url: URL, *, create: bool) -> Postgresql:
    """Make ready to reach the database of a URL; it must exist, whatever `create` says.

    Raises:
        StorageError: the URL asks for another driver or names no database, or the driver is not installed.
    """
    if url.drivername not in ("postgresql", DRIVER):
        raise StorageError(f"storage {redacted(_written(url))!r}: the only driver is psycopg ({EXAMPLES})")
    if not url.database:
        raise StorageError(f"storage {redacted(_written(url))!r} names no database ({EXAMPLES})")
    url = with_password(url.set(drivername=DRIVER))
    try:
        reach = _reaching(url)
        engine = create_engine(url, creator=reach, pool_pre_ping=True, pool_size=2, max_overflow=8, pool_use_lifo=True)
    except ImportError as error:
        raise StorageError(
            f"storage {redacted(_written(url))!r} needs psycopg: pip install 'nas-service[postgres]'"
        ) from error
    event.listen(engine, "connect", _prepare)
    return Postgresql(url, engine, {"creator": reach, "pool_pre_ping": True})


def _reaching(url: URL) -> "Callable[[], psycopg.Connection[Any]]":
    """Return what connects; the URL's own parameters come before ours."""
    from nas.storage.backends.postgresql_liveness import ConnectionFactory

    _, given = url.get_dialect()().create_connect_args(url)
    return ConnectionFactory({"application_name": "nas", **_NOTICED, "client_encoding": "utf8", **given}).open


def _written(url: URL) -> str:
    """Return a URL as text, with its password; never to be shown as it is."""
    return url.render_as_string(hide_password=False)


def _passwords(url: URL) -> list[str]:
    """Return all of a URL that is secret, or may be a piece of a password with signs that are not escaped."""
    query = [value for key, values in url.query.items() if is_secret(key) for value in _several(values)]
    odd = [part for part in (url.username, url.host, url.database) if part and not _PLAIN.fullmatch(part)]
    return [str(url.password or ""), *query, *odd]


def _several(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values


@compiles(now, "postgresql")
def _now(element: now, compiler: SQLCompiler, **_: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


def _prepare(connection: "psycopg.Connection[Any]", entry: ConnectionPoolEntry) -> None:
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    connection.execute(f"SELECT {settings}")
    connection.commit()


def _state(error: BaseException | None) -> str:
    """Return the error's code; of a refused connection the one that its text stands for."""
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state)
    text = str(error)
    return next((code for pattern, code in _AT_CONNECTING.items() if re.search(pattern, text)), "")


_BROKEN_INDEXES = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE NOT i.indisvalid AND t.relname LIKE 'nas\\_%%' AND t.relnamespace = current_schema()::regnamespace
"""


def _strays(key: ForeignKeyConstraint) -> Any:
    child, parent = key.table.alias("child"), key.referred_table.alias("parent")
    same = [child.c[element.parent.name] == parent.c[element.column.name] for element in key.elements]
    return select(1).select_from(child).where(~select(1).select_from(parent).where(*same).exists()).limit(1)
