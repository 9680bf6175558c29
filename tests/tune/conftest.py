"""One small Ray cluster for all tests of Ray Tune, and a folder for each."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from outside import Desk


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Start Ray on this machine, with two cores; return the address for drivers of their own processes."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets have a path of at most 107 bytes
    try:
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=80 << 20,
            _temp_dir=folder,
        )
        yield ray.get_runtime_context().gcs_address
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a folder with a database, and end what was started there."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()
