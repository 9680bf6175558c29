"""Worker processes: they die with their controller, and a controller outlives its workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_jobs import WINE, begun, follow, gone, job, outcomes, slow_job, wait_gone

import nas
from nas.errors import WorkersUnusable
from nas.executors._process.process_tree import MARK
from nas.executors.process import ProcessExecutor
from workers.messages import EpochMetrics, JobLost, Outcome

ROOT = Path(nas.__file__).parents[1]

CONTROLLER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from executor_jobs import begun, slow_job
from nas.executors.process import ProcessExecutor

executor = ProcessExecutor(2)
print(*begun(executor), flush=True)
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


def fork_server(executor: ProcessExecutor) -> int:
    """Return the process that forks its workers."""
    return next(iter(executor._servers.values())).process.pid


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
    before = begun(executor)
    executor.submit(slow_job(1, tmp_path))
    executor.submit(job(2, tmp_path))
    assert list(follow(executor, until=lambda event: isinstance(event, EpochMetrics) and event.number == 1))
    os.kill(before[0], signal.SIGKILL)
    lost = list(follow(executor, until=lambda event: isinstance(event, JobLost)))[-1]
    assert isinstance(lost, JobLost)
    assert lost.job == 1
    assert lost.reason == f"worker {before[0]} was killed by signal 9"
    assert executor.capacity == 2
    after = begun(executor)
    assert after[1] == before[1]
    assert after[0] != before[0]
    executor.submit(job(3, tmp_path))
    executor.submit(job(4, tmp_path))
    assert {event.number for event in outcomes(executor, 2) if isinstance(event, Outcome)} <= {2, 3, 4}


def test_an_idle_worker_that_is_killed_loses_nothing(executor: ProcessExecutor, tmp_path: Path) -> None:
    idle = begun(executor)[1]
    os.kill(idle, signal.SIGKILL)
    assert wait_gone([idle]) == []
    for number in (1, 2, 3):
        executor.submit(job(number, tmp_path))
    ended: set[int] = set()
    for event in follow(executor, until=lambda _: len(ended) == 3):
        if isinstance(event, JobLost):  # it was given to the dead one before that was noticed
            executor.submit(job(event.job, tmp_path))
        elif isinstance(event, Outcome):
            ended.add(event.number)
    assert ended == {1, 2, 3}


def test_a_job_given_before_any_worker_could_begin_is_lost_and_can_be_given_again(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    os.kill(fork_server(executor), signal.SIGKILL)
    executor.submit(job(1, tmp_path))
    lost = list(follow(executor, until=lambda event: isinstance(event, JobLost)))
    assert len(lost) == 1
    executor.submit(job(2, tmp_path))
    assert isinstance(outcomes(executor, 1)[-1], Outcome)
    executor.close()


def test_workers_live_on_and_are_replaced_where_what_has_forked_them_is_killed(
    executor: ProcessExecutor, tmp_path: Path
) -> None:
    before = begun(executor)
    os.kill(fork_server(executor), signal.SIGKILL)
    executor.submit(job(1, tmp_path))
    assert isinstance(outcomes(executor, 1)[-1], Outcome)
    assert executor.pids == before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert wait_gone(before) == []
    executor.poll(0.5)
    assert set(begun(executor)).isdisjoint(before)


def test_a_frozen_fork_server_is_replaced(tmp_path: Path) -> None:
    executor = ProcessExecutor(1, silence=0.5)
    frozen = fork_server(executor)
    os.kill(frozen, signal.SIGSTOP)
    executor.submit(job(1, tmp_path))
    lost = list(follow(executor, until=lambda event: isinstance(event, JobLost)))[-1]
    assert isinstance(lost, JobLost)
    assert lost.reason == f"process {frozen}, which starts workers, gave no sign of life for 0.5 seconds"
    assert gone(frozen)
    executor.submit(job(2, tmp_path))
    assert isinstance(outcomes(executor, 1)[-1], Outcome)
    executor.close()


def test_workers_that_never_start_are_told_as_unusable(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)

    def kill_each() -> None:
        for _ in range(200):
            os.kill(fork_server(executor), signal.SIGKILL)
            executor.poll(0.1)

    with pytest.raises(WorkersUnusable, match=r"3 workers in a row died before they were ready: .* killed by signal 9"):
        kill_each()
    executor.close()


def test_a_worker_that_dies_while_it_loads_a_task_is_told(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    os.kill(fork_server(executor), signal.SIGKILL)
    with pytest.raises(WorkersUnusable, match="a worker died while it loaded the task 'wine'"):
        executor.describe(WINE)
    executor.close()


def test_what_ended_a_worker_is_told_though_it_took_long_and_its_end_is_not_noticed_yet(
    executor: ProcessExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.executors.process._WORTH_KEEPING", 0.0)
    scout = executor._scout
    assert scout is not None
    scout.error = "RuntimeError: nobody thought of this"
    monkeypatch.setattr(executor, "_awaited", lambda worker, kind: None)
    with pytest.raises(WorkersUnusable, match="task 'wine': RuntimeError: nobody thought of this"):
        executor.describe(WINE)


def test_who_has_loaded_a_slow_task_to_describe_it_goes_on_as_a_worker(
    executor: ProcessExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.executors.process._WORTH_KEEPING", 0.0)
    scout = executor._scout
    executor.describe(WINE)
    assert scout is not None
    assert scout.process is not None
    assert begun(executor)[0] == scout.process.pid


def test_who_describes_a_task_that_is_loaded_at_once_has_no_other_work(executor: ProcessExecutor) -> None:
    scout = executor._scout
    executor.describe(WINE)
    assert scout is not None
    assert scout.process is not None
    assert wait_gone([scout.process.pid]) == []
    assert scout.process.pid not in begun(executor)


def test_workers_share_what_torch_takes_of_the_memory(executor: ProcessExecutor) -> None:
    rollup = Path(f"/proc/{begun(executor)[0]}/smaps_rollup").read_text()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    assert kilobytes["Private_Dirty"] < 0.2 * kilobytes["Rss"]


def test_each_worker_has_its_own_session_name_and_mark(executor: ProcessExecutor) -> None:
    pids = begun(executor)
    assert [os.getsid(pid) for pid in pids] == list(pids)
    assert all(b"nas.executors._process.worker_main\0" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)
    marks = [
        line for pid in pids for line in Path(f"/proc/{pid}/environ").read_text().split("\0") if line.startswith(MARK)
    ]
    assert len(set(marks)) == len(pids)


def test_ctrl_c_in_the_terminal_does_not_reach_the_training(executor: ProcessExecutor, tmp_path: Path) -> None:
    pids = begun(executor)
    executor.submit(slow_job(1, tmp_path, epochs=3))
    assert list(follow(executor, until=lambda event: isinstance(event, EpochMetrics)))
    os.kill(pids[0], signal.SIGINT)
    event = outcomes(executor, 1)[-1]
    assert isinstance(event, Outcome)
    assert (event.state, event.epochs) == ("COMPLETE", 3)


def test_workers_compute_with_one_thread_each() -> None:
    executor = ProcessExecutor(1)
    environment = Path(f"/proc/{begun(executor)[0]}/environ").read_text().split("\0")
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
