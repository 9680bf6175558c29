"""A server that is away for long, and a network whose cable is pulled: what takes its time."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from invariants import invariants
from ordeal import Ordeal
from outside import Desk, small
from postgres_server import Server

NOTICED = 10.0
"""Seconds in which a search must have noticed that nobody answers."""
HERE, THERE = "10.213.46.1", "10.213.46.2"


@pytest.fixture
def mended(postgres: Server) -> Iterator[Server]:
    yield postgres
    postgres.mend()


@pytest.fixture
def cable() -> Iterator[str]:
    """Lay a cable to a network of its own, and return its name, which is also that of its near end."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("a network of its own needs root and the program ip")
    name = f"nas{uuid4().hex[:8]}"
    try:
        ip(f"netns add {name}")
        ip(f"link add {name} type veth peer name far netns {name}")
        ip(f"addr add {HERE}/30 dev {name}")
        ip(f"link set {name} up")
        for command in ("link set lo up", f"addr add {THERE}/30 dev far", "link set far up"):
            ip(f"-n {name} {command}")
        yield name
    finally:
        subprocess.run(["ip", "link", "del", name], check=False)
        subprocess.run(["ip", "netns", "del", name], check=False)


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


@pytest.mark.slow
def test_a_search_outlives_a_server_that_takes_thirty_seconds(mended: Server, tmp_path: Path) -> None:
    ordeal = Ordeal.begin(tmp_path, mended)
    try:
        mended.kill()
        ordeal.notice()
        time.sleep(30.0)
        mended.start()
        ordeal.go_on()
        ordeal.end()
    finally:
        ordeal.close()


@pytest.mark.slow
def test_a_search_notices_a_cable_that_is_pulled(postgres: Server, cable: str, tmp_path: Path) -> None:
    ordeal = Ordeal.begin(tmp_path, postgres, host=HERE, prefix=("ip", "netns", "exec", cable))
    try:
        ip(f"link set {cable} down")
        assert ordeal.notice() < NOTICED
        ip(f"link set {cable} up")
        ordeal.go_on()
        ordeal.end()
    finally:
        ordeal.close()


@pytest.mark.slow
def test_a_search_whose_server_stays_away_ends_with_one_error_and_can_be_resumed(
    server_desk: Desk, mended: Server
) -> None:
    study = small(task="digits", batch_size=4, trials=30, epochs=20, executor="{process: {workers: 1}}")
    run = server_desk.start("run", server_desk.write(study), "--storage", server_desk.url, "--json")
    run.wait_event("trial.finished")
    before = invariants(server_desk.url)
    mended.kill()
    assert run.end() == 6, run.stderr
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "the server cannot be reached" in errors[0]
    assert not server_desk.no_orphans()
    mended.start()
    again = server_desk.nas("resume", "s", "--storage", server_desk.url)
    assert again.end() == 0, again.stderr
    assert len(invariants(server_desk.url, before=before, ended=True)) == 30
