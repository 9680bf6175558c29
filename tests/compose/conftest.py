"""The services of docker-compose.yml, running on this machine as their file says."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import Host, impossible, wait_for
from postgres_server import binaries

SECRETS = ("db_admin_password", "db_password", "ray_token", "dashboard_token")


@pytest.fixture(scope="module")
def host(secret: dict[str, str], studies: Path, short: Path) -> Iterator[Host]:
    """Make a machine for containers; one that cannot says so, and may not be the one that judges the project."""
    reason = impossible() or ("" if binaries() else "services are not started: there is no PostgreSQL")
    if reason:
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    host = Host(short, {"NAS_SECRETS": str(short / "secrets"), "NAS_STUDIES": str(studies)})
    try:
        yield host
    finally:
        inside = [Path(f"/proc/{pid}") for container in host.containers for pid in container.pids]
        host.close()
        wait_for(lambda: not any(process.exists() for process in inside), 30)


@pytest.fixture(scope="module")
def short() -> Iterator[Path]:
    """Return a folder that is removed after the tests."""
    folder = Path(tempfile.mkdtemp(prefix="nas-compose-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def secret(short: Path) -> dict[str, str]:
    """Make the secrets as docs/cluster.md says."""
    (short / "secrets").mkdir(mode=0o700)
    made = {name: f"canary-{secrets.token_hex(16)}" for name in SECRETS}
    for name, text in made.items():
        (short / "secrets" / name).write_text(f"{text}\n")
        (short / "secrets" / name).chmod(0o644)
    return made


@pytest.fixture(scope="module")
def studies(short: Path) -> Path:
    folder = short / "studies"
    folder.mkdir(mode=0o755)
    return folder
