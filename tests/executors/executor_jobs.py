"""Jobs for real workers on a small task, and how to follow them to their end."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nas.executors.process import ProcessExecutor
from nas.executors.protocol import Executor
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from workers.messages import Assignment, EpochMetrics, Event, Job, JobLost, Outcome, Split, TaskSpec

WINE = TaskSpec(Named("wine"), Split())
DIGITS = TaskSpec(Named("digits"), Split())
PATIENCE = 60.0
"""Seconds that a test waits for what must happen."""


def candidate(width: int = 16, seed: int = 1, batch_size: int = 32) -> Candidate:
    recipe = Recipe(Named("sgd", Settings(lr=0.05)), batch_size=batch_size)
    return Candidate(Architecture("mlp", Settings(depth=1, width=width)), recipe, seed)


def job(number: int, folder: Path, *, epochs: int = 3, task: TaskSpec = WINE, **settings: object) -> Job:
    """One candidate; it is the job's, the trial's and the seed's number all the same."""
    assignment = Assignment(number, candidate(seed=number, **settings))  # type: ignore[arg-type]
    return Job(number, "s", task, (assignment,), epochs, seed=7, folder=str(folder))


def slow_job(number: int, folder: Path, *, epochs: int = 200) -> Job:
    """Make a job whose epochs take long enough for a test to come between."""
    return job(number, folder, epochs=epochs, task=DIGITS, width=512, batch_size=4)


def lengthy_job(number: int, folder: Path) -> Job:
    """Make a job whose epochs take a second or more, and their batches milliseconds."""
    return job(number, folder, epochs=100, task=DIGITS, width=16384, batch_size=1)


def follow(
    executor: Executor, *, until: Callable[[Event | JobLost], bool], patience: float = PATIENCE
) -> Iterator[Event | JobLost]:
    """Yield what happens, up to the first event that `until` accepts."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for event in executor.poll(0.5):
            yield event
            if until(event):
                return
    raise AssertionError(f"nothing of the kind happened within {patience} s")


def outcomes(executor: Executor, count: int) -> list[Event | JobLost]:
    """Return everything that happens up to the nth outcome."""
    events: list[Event | JobLost] = []
    seen = iter(range(1, count + 1))
    return [*events, *follow(executor, until=lambda event: isinstance(event, Outcome) and next(seen) == count)]


def begun(executor: ProcessExecutor) -> Sequence[int]:
    """Wait until every worker has begun, and return their process ids."""
    deadline = time.monotonic() + PATIENCE
    while len(executor.pids) < executor.capacity:
        assert time.monotonic() < deadline, f"not all have begun within {PATIENCE} s"
        executor.poll(0.1)
    return executor.pids


def metrics(events: Sequence[Event | JobLost], number: int) -> list[tuple[int, dict[str, float]]]:
    return [
        (event.epoch, dict(event.metrics))
        for event in events
        if isinstance(event, EpochMetrics) and event.number == number
    ]


def gone(pid: int) -> bool:
    """Tell whether a process is no more, or only waits to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def wait_gone(pids: Sequence[int], patience: float = 20.0) -> list[int]:
    """Wait until these processes are gone and return those that are not."""
    deadline = time.monotonic() + patience
    while (left := [pid for pid in pids if not gone(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
