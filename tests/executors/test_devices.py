"""Devices are found without torch; each worker is pinned to one, and as many share it as its memory holds."""

import os
from pathlib import Path

import pytest
from executor_jobs import begun, follow, job, outcomes

from nas.errors import WorkersUnusable
from nas.executors._process.devices import Device, cores, gpus, slots
from nas.executors._process.fork_client import environment
from nas.executors.process import Process, ProcessExecutor
from workers.messages import Memory, Outcome

GIB = 1 << 30


def names(devices: tuple[Device, ...]) -> list[str]:
    return [device.name for device in devices]


def test_all_gpus_of_the_driver_are_visible(tmp_path: Path) -> None:
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / name).mkdir()
    assert names(gpus({}, tmp_path)) == ["0", "1"]


@pytest.mark.parametrize(
    ("allowed", "visible"), [("3,1", ["3", "1"]), ("", []), ("-1", []), ("GPU-8a, 0", ["GPU-8a", "0"])]
)
def test_the_environment_says_which_gpus_may_be_used(allowed: str, visible: list[str], tmp_path: Path) -> None:
    assert names(gpus({"CUDA_VISIBLE_DEVICES": allowed}, tmp_path)) == visible


def test_a_worker_is_pinned_to_its_gpu_before_it_starts() -> None:
    assert environment(Device("cuda", "3"), "mark")["CUDA_VISIBLE_DEVICES"] == "3"


def test_asking_for_gpus_where_there_are_none_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(WorkersUnusable, match="no GPU"):
        Process(device="cuda").start()


@pytest.mark.parametrize(
    ("peak", "room", "cores", "workers"),
    [(GIB, 80 * GIB, 8, 4), (GIB, 80 * GIB, 2, 2), (GIB, 5 * GIB, 8, 2), (3 * GIB, 4 * GIB, 8, 1), (GIB, GIB, 0, 1)],
)
def test_so_many_workers_share_a_device_as_its_memory_holds_twice_and_there_are_cores_for(
    peak: int, room: int, cores: int, workers: int
) -> None:
    assert slots(Memory(peak, room), cores) == workers


def test_each_core_has_a_worker_of_its_own_that_uses_no_other() -> None:
    executor = Process(device="cores").start()
    assert isinstance(executor, ProcessExecutor)
    try:
        assert [os.sched_getaffinity(pid) for pid in begun(executor)] == [{int(core.name)} for core in cores()]
    finally:
        executor.close()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two workers that share a device need two cores")
def test_a_device_gets_more_workers_once_the_first_job_has_shown_what_one_takes(tmp_path: Path) -> None:
    core = cores()[-1]
    executor = ProcessExecutor(1, devices=(core,), measured=True)
    try:
        executor.submit(job(1, tmp_path))
        list(follow(executor, until=lambda event: isinstance(event, Outcome)))
        executor.poll(0.5)  # the worker says that its job is done just after the last outcome
        for _ in range(100):
            if executor.capacity == 1:
                executor.poll(0.5)
        assert executor.capacity == min(4, len(os.sched_getaffinity(0)))
        assert [os.sched_getaffinity(pid) for pid in begun(executor)] == [{int(core.name)}] * executor.capacity
        executor.submit(job(2, tmp_path))
        executor.submit(job(3, tmp_path))
        ends = {event.number for event in outcomes(executor, 2) if isinstance(event, Outcome)}
        assert ends == {2, 3}
    finally:
        executor.close()
