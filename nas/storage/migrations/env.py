"""Alembic environment: run migrations on the caller's connection and transaction, on our tables alone."""

from typing import Literal

from alembic import context

from nas.storage.tables import VERSION_TABLE, metadata

Kind = Literal["schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint", "check_constraint"]


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Return whether a table is ours, not one that Optuna keeps in the same database."""
    return kind != "table" or (name or "").startswith("nas_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=is_ours,
    render_as_batch=True,
)
context.run_migrations()
