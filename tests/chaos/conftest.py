"""Faults, each really made to happen: a desk of either database for each test, and nothing left running at the end.

Quick ones are always run. Those marked `slow` are run by `make chaos`, which sets NAS_CHAOS=1.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a folder with a database in a file of SQLite."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def server_desk(tmp_path: Path, database: str) -> Iterator[Desk]:
    """Return a folder whose database is one of a PostgreSQL server."""
    desk = Desk(tmp_path, address=database)
    yield desk
    desk.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_desk(request: pytest.FixtureRequest) -> Desk:
    """Return a desk of each kind of database."""
    name = {"sqlite": "desk", "postgresql": "server_desk"}[request.param]
    desk: Desk = request.getfixturevalue(name)
    return desk
