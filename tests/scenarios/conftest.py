"""A desk for each test: a folder of its own, and nothing left running at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()
