"""Upserts: INSERTs that meet rows with the same keys, in the dialect of each kind of database."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import Column, Connection, Insert, TableClause, and_

Statement = Callable[[Connection], Insert]
"""Gives the statement for the database that is connected to; it is made once for each kind."""


def upsert(
    table: TableClause, keys: Sequence[str], *, frozen: Column[Any] | None = None, states: Sequence[str] = ()
) -> Statement:
    """Update a row with the same keys, unless its `frozen` column is one of `states`."""
    where = None if frozen is None else and_(*(frozen != state for state in states))

    @cache
    def made(dialect: str) -> Insert:
        statement = _insert(dialect, table)
        changed = {
            column.name: statement.excluded[column.name] for column in table.c if column.name not in (*keys, "id")
        }
        return statement.on_conflict_do_update(index_elements=list(keys), set_=changed, where=where)  # type: ignore[no-any-return]

    return lambda connection: made(connection.dialect.name)


def insert_new(table: TableClause) -> Statement:
    """Leave a row with the same keys as it is."""

    @cache
    def made(dialect: str) -> Insert:
        return _insert(dialect, table).on_conflict_do_nothing()  # type: ignore[no-any-return]

    return lambda connection: made(connection.dialect.name)


def _insert(dialect: str, table: TableClause) -> Any:
    """Return the dialect's own INSERT, the only one that knows of conflicts."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
