"""Ray on this machine: what an executor leaves, and what it says when there is nothing to train on."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_jobs import WINE, job, outcomes, wait_gone
from ray_cluster import free_port, members

from nas.errors import WorkersUnusable
from nas.executors import start
from nas.executors._ray.messages import Cluster, language
from nas.executors.ray import Ray, RayExecutor
from search_spaces.candidate import Named, Settings
from workers.messages import Outcome


@pytest.fixture(scope="module")
def here() -> Iterator[RayExecutor]:
    executor = RayExecutor(Cluster("", workers=1, cpus=1.0, gpus=0.0, silence=15.0))
    executor.describe(WINE)
    yield executor
    executor.close()


def test_the_token_of_an_own_cluster_is_for_its_user_alone(here: RayExecutor) -> None:
    assert stat.S_IMODE((here.host.folder / "token").stat().st_mode) == 0o600


def test_ray_starts_no_cluster_for_a_call_that_comes_after_its_end(here: RayExecutor) -> None:
    told = Path(f"/proc/{here.host.process.pid}/environ").read_text().split("\0")
    environment = dict(entry.split("=", 1) for entry in told if entry)
    late = subprocess.run(
        [sys.executable, "-c", "import ray; ray.put(1)"], env=environment, capture_output=True, text=True, check=False
    )
    assert "RaySystemError" in late.stderr.splitlines()[-1], late


def test_a_cluster_of_its_own_ends_with_the_executor(tmp_path: Path) -> None:
    executor = RayExecutor(Cluster("", workers=1, cpus=1.0, gpus=0.0, silence=15.0))
    executor.submit(job(1, tmp_path))
    assert isinstance(outcomes(executor, 1)[-1], Outcome)
    session, folder = executor.host.process.pid, executor.host.folder
    pids = [*members(session), *executor.pids]
    assert len(pids) > 5
    executor.close()
    assert wait_gone(pids) == []
    assert not members(session)
    assert not folder.exists()


def test_a_cluster_that_is_not_there_is_one_clear_error() -> None:
    executor = start(Named("ray", Settings(address=f"127.0.0.1:{free_port()}")))
    try:
        with pytest.raises(WorkersUnusable, match=r"the Ray cluster 127\.0\.0\.1:"):
            executor.describe(WINE)
    finally:
        executor.close()


def test_a_cluster_without_room_is_given_up_after_the_patience() -> None:
    executor = RayExecutor(Cluster("", workers=1, cpus=1.0, gpus=1.0, silence=15.0), patience=1.0)
    try:
        with pytest.raises(WorkersUnusable, match=r"no room for one of 1 CPUs and 1 GPUs"):
            executor.describe(WINE)
    finally:
        executor.close()


def test_workers_that_speak_another_language_are_refused() -> None:
    executor = RayExecutor(Cluster("", workers=1, cpus=1.0, gpus=0.0, silence=15.0, language="of another version"))
    try:
        with pytest.raises(WorkersUnusable, match="install the same version of it on every node"):
            executor.describe(WINE)
    finally:
        executor.close()


def test_the_language_is_the_same_in_every_process_of_one_version() -> None:
    assert language() == language()
    assert len(language()) == 16


def test_something_always_limits_how_many_workers_there_are() -> None:
    assert Ray(cpus=0.0, gpus=0.0).needs == (1.0, 0.0)
    assert Ray(cpus=0.0, gpus=0.25).needs == (0.0, 0.25)
