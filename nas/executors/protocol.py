"""Executor protocol: run jobs somewhere and return what they report."""

from collections.abc import Collection, Sequence
from typing import Protocol

from workers.messages import Event, Job, JobLost, Probe, TaskInfo, TaskSpec, Timings


class Executor(Protocol):
    """Runs jobs. Owned by one controller, used from one thread; its workers die with the controller."""

    @property
    def capacity(self) -> int:
        """Number of jobs that can run at the same time."""
        ...

    @property
    def cohort(self) -> int:
        """Number of candidates in a job; 0 leaves it to the controller, which chooses from their cost."""
        ...

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Load a task where the jobs will run and say what it holds; raise `TaskError` if it cannot be used."""
        ...

    def probe(self, probe: Probe) -> Timings:
        """Estimate what epochs take where the jobs will run, from a few steps; nothing else may be under way.

        A candidate of which nothing is known, a worker that died of it included, has None.
        """
        ...

    def submit(self, job: Job) -> None:
        """Start a job, or queue it until a worker is free."""
        ...

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Return what has happened since the last call, waiting up to `timeout` seconds for a first event."""
        ...

    def stop(self, numbers: Collection[int]) -> None:
        """Give up these trials after the epoch they are in; each still ends with an `Outcome` PRUNED."""
        ...

    def end(self, numbers: Collection[int]) -> None:
        """End these trials at once, within the epoch, at most two seconds late; each ends with an `Outcome` ENDED.

        What was last measured is kept: its epochs, metrics and, but for the final stage, a checkpoint of its weights.
        One that has not begun ends where it would have gone on from; one that was done meanwhile is COMPLETE.
        """
        ...

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        ...
