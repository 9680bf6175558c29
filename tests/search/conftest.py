"""A bench for each test: a folder of its own with a database in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for storage in bench.storages:
        storage.close()
