"""Schema version: create the tables of an empty database, upgrade older ones, refuse others."""

from pathlib import Path

from sqlalchemy import Connection, text

from nas.errors import SchemaError
from nas.storage.backends.protocol import Database
from nas.storage.tables import VERSION_TABLE

NEWEST = "0001"
"""The revision that this version writes; revisions are numbered, so that older ones sort before it."""


def require_newest(database: Database) -> None:
    """Give an empty database its tables; refuse one with another schema.

    Raises:
        SchemaError: the schema is older or newer.
    """
    with database.reader.connect() as connection:
        found = revision(connection)
    if not found:
        found = _raise_to_newest(database, only_from="")
    if found < NEWEST:
        raise SchemaError(f"{database.where} has schema {found}, this version needs {NEWEST}: run `nas db upgrade`")
    _refuse_newer(found, database.where)


def upgrade(database: Database) -> str:
    """Raise an older schema to the newest in one transaction, and return what it was."""
    with database.reader.connect() as connection:
        found = revision(connection)
    _refuse_newer(found, database.where)
    _raise_to_newest(database, only_from=found)
    return found


def revision(connection: Connection) -> str:
    """Return the schema's revision, empty for a database without our tables."""
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return ""
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or ""


def _refuse_newer(found: str, where: str) -> None:
    if found > NEWEST:
        raise SchemaError(f"{where} has schema {found}, newer than {NEWEST} of this version: install a newer version")


def _raise_to_newest(database: Database, *, only_from: str) -> str:
    """Migrate while nobody else can, unless somebody else has done it meanwhile."""
    with database.writer.begin() as connection:
        database.lock_schema(connection)
        found = revision(connection)
        if found != only_from or found == NEWEST:
            return found
        _migrate(connection, found)
        return revision(connection)


def _migrate(connection: Connection, found: str) -> None:
    from alembic import command  # 0.2 s to import, and almost no opening needs it
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, NEWEST)
    except CommandError as error:
        raise SchemaError(f"schema {found or 'of an empty file'} cannot be upgraded to {NEWEST}: {error}") from error
