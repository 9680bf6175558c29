"""Worker processes: they die with their controller, and a controller outlives its workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_jobs import WINE, follow, job, outcomes, slow_job, wait_gone

import nas
from nas.errors import WorkersUnusable
from nas.executors.process import ProcessExecutor
from workers.messages import EpochMetrics, JobLost, Outcome

ROOT = Path(nas.__file__).parents[1]

CONTROLLER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from executor_jobs import slow_job
from nas.executors.process import ProcessExecutor

executor = ProcessExecutor(2)
print(*executor.pids, flush=True)
if sys.argv[2] == "busy":
    for number in (1, 2):
        executor.submit(slow_job(number, Path(sys.argv[1]), epochs=10_000))
    while not executor.poll(0.5):
        pass
print("ready", flush=True)
while True:
    executor.poll(0.5)
"""


@pytest.fixture
def executor() -> Iterator[ProcessExecutor]:
    executor = ProcessExecutor(2)
    yield executor
    pids = executor.pids
    executor.close()
    assert wait_gone(pids) == []


@pytest.mark.parametrize("state", ["idle", "busy"])
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_workers_die_with_a_controller_that_is_killed(state: str, death: signal.Signals, tmp_path: Path) -> None:
    code = CONTROLLER.format(tests=str(Path(__file__).parent))
    controller = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), state],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert controller.stdout is not None
    pids = [int(pid) for pid in controller.stdout.readline().split()]
    assert controller.stdout.readline().strip() == "ready"
    controller.send_signal(death)
    controller.wait()
    controller.stdout.close()
    assert len(pids) == 2
    assert wait_gone(pids) == []


def test_a_killed_worker_loses_its_job_and_is_replaced(executor: ProcessExecutor, tmp_path: Path) -> None:
    executor.submit(slow_job(1, tmp_path))
    executor.submit(job(2, tmp_path))
    before = executor.pids
    assert list(follow(executor, until=lambda event: isinstance(event, EpochMetrics) and event.number == 1))
    os.kill(before[0], signal.SIGKILL)
    lost = list(follow(executor, until=lambda event: isinstance(event, JobLost)))[-1]
    assert isinstance(lost, JobLost)
    assert lost.job == 1
    assert lost.reason == f"worker {before[0]} was killed by signal 9"
    assert executor.capacity == 2
    assert executor.pids[1] == before[1]
    assert executor.pids[0] != before[0]
    executor.submit(job(3, tmp_path))
    executor.submit(job(4, tmp_path))
    assert {event.number for event in outcomes(executor, 2) if isinstance(event, Outcome)} <= {2, 3, 4}


def test_an_idle_worker_that_is_killed_loses_nothing(executor: ProcessExecutor, tmp_path: Path) -> None:
    executor.describe(WINE)
    os.kill(executor.pids[1], signal.SIGKILL)
    assert wait_gone([executor.pids[1]]) == []
    for number in (1, 2, 3):
        executor.submit(job(number, tmp_path))
    ended: set[int] = set()
    for event in follow(executor, until=lambda _: len(ended) == 3):
        if isinstance(event, JobLost):  # it was given to the dead one before that was noticed
            executor.submit(job(event.job, tmp_path))
        elif isinstance(event, Outcome):
            ended.add(event.number)
    assert ended == {1, 2, 3}


def test_a_worker_killed_while_it_starts_is_replaced(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    os.kill(executor.pids[0], signal.SIGKILL)
    executor.submit(job(1, tmp_path))
    lost = list(follow(executor, until=lambda event: isinstance(event, JobLost)))
    assert len(lost) == 1
    executor.submit(job(2, tmp_path))
    assert isinstance(outcomes(executor, 1)[-1], Outcome)
    executor.close()


def test_workers_that_never_start_are_told_as_unusable(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)

    def kill_each() -> None:
        for _ in range(200):
            os.kill(executor.pids[0], signal.SIGKILL)
            executor.poll(0.1)

    with pytest.raises(WorkersUnusable, match="3 workers in a row died before they were ready"):
        kill_each()
    executor.close()


def test_a_worker_that_dies_while_it_loads_a_task_is_told(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    os.kill(executor.pids[0], signal.SIGKILL)
    with pytest.raises(WorkersUnusable, match="a worker died while it loaded the task 'wine'"):
        executor.describe(WINE)
    executor.close()


def test_ctrl_c_in_the_terminal_does_not_reach_the_training(executor: ProcessExecutor, tmp_path: Path) -> None:
    executor.describe(WINE)
    executor.submit(slow_job(1, tmp_path, epochs=3))
    assert list(follow(executor, until=lambda event: isinstance(event, EpochMetrics)))
    os.kill(executor.pids[0], signal.SIGINT)
    event = outcomes(executor, 1)[-1]
    assert isinstance(event, Outcome)
    assert (event.state, event.epochs) == ("COMPLETE", 3)


def test_workers_compute_with_one_thread_each() -> None:
    executor = ProcessExecutor(1)
    executor.describe(WINE)
    environment = Path(f"/proc/{executor.pids[0]}/environ").read_text().split("\0")
    assert {"OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1"} <= set(environment)
    executor.close()


def test_a_trial_stopped_while_its_job_is_queued_ends_without_having_begun(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    try:
        executor.submit(slow_job(1, tmp_path))
        executor.submit(slow_job(2, tmp_path))
        executor.stop([2])
        ended = [event for event in outcomes(executor, 1) if isinstance(event, Outcome)]
    finally:
        executor.close()
    assert [(event.number, event.state, event.epochs) for event in ended] == [(2, "PRUNED", 0)]
