"""One thread; without the native engine these tests are skipped, with the reason."""

import sys
from pathlib import Path

import pytest
import torch

from workers.engines.native import bindings

torch.set_num_threads(1)
sys.path.append(str(Path(__file__).parents[1] / "workers"))


@pytest.fixture(autouse=True, scope="session")  # before any fixture of a module trains something
def _native() -> None:
    status = bindings.status()
    if not status.present:
        pytest.skip(status.reason)
