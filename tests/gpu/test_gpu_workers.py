"""Worker processes on GPUs: each sees its own alone, and a GPU gets as many as its memory holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_jobs import begun, job, outcomes

from nas.executors._process.devices import VISIBLE
from nas.executors.process import Process, ProcessExecutor
from workers.messages import Outcome


@pytest.fixture
def executor(gpus: int) -> Iterator[ProcessExecutor]:
    executor = Process(device="cuda").start()
    assert isinstance(executor, ProcessExecutor)
    yield executor
    executor.close()


def visible(pid: int) -> str:
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{VISIBLE}="))


def test_each_worker_sees_a_gpu_of_its_own(executor: ProcessExecutor, gpus: int, tmp_path: Path) -> None:
    assert executor.capacity == gpus
    assert len({visible(pid) for pid in begun(executor)}) == gpus
    for number in range(2 * gpus):
        executor.submit(job(number, tmp_path))
    ends = [event for event in outcomes(executor, 2 * gpus) if isinstance(event, Outcome)]
    assert {(end.state, end.engine) for end in ends} == {("COMPLETE", "solo")}


def test_two_gpus_are_there_for_two_workers(gpus: int) -> None:
    if gpus < 2:
        pytest.skip(f"{gpus} GPU on this machine, two are needed")
    executor = Process(device="cuda", workers=2).start()
    assert isinstance(executor, ProcessExecutor)
    try:
        assert len({visible(pid) for pid in begun(executor)}) == 2
    finally:
        executor.close()


def test_a_gpu_gets_more_workers_after_its_first_job(executor: ProcessExecutor, gpus: int, tmp_path: Path) -> None:
    before = executor.capacity
    executor.submit(job(0, tmp_path))
    outcomes(executor, 1)
    for _ in range(100):
        if executor.capacity == before:
            executor.poll(0.5)
    assert executor.capacity > before  # a network of a few hundred numbers
