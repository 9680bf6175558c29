"""What every executor does: run jobs somewhere and hand back what they report."""

from collections.abc import Collection, Sequence
from typing import Protocol

from search_spaces.candidate import Candidate
from workers.messages import Event, Job, JobLost, TaskInfo, TaskSpec


class Executor(Protocol):
    """Where jobs run. Owned by one controller, used from one thread; its workers die with the controller."""

    @property
    def capacity(self) -> int:
        """How many jobs can run at the same time."""
        ...

    @property
    def cohort(self) -> int:
        """How many candidates a job shall hold; 0 leaves it to the controller, which chooses from their cost."""
        ...

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Load a task where the jobs will run and say what it holds; raise `TaskError` if it cannot be used."""
        ...

    def probe(
        self, task: TaskSpec, candidates: Sequence[Candidate], seconds: float, epoch_samples: int
    ) -> Sequence[float | None]:
        """Time a few training steps of candidates where jobs will run, for so many seconds in all at most.

        Returns the seconds that one epoch of each would take, its measurement included; None for those that could not
        be timed, and fewer where the time was over.
        """
        ...

    def submit(self, job: Job) -> None:
        """Start a job, or queue it until a worker is free."""
        ...

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Return what has happened since the last call, waiting up to `timeout` seconds for a first event."""
        ...

    def stop(self, numbers: Collection[int]) -> None:
        """Ask that these trials end after the epoch they are in; each still ends with an `Outcome` PRUNED."""
        ...

    def end(self, numbers: Collection[int]) -> None:
        """Ask that these trials end now, within the epoch they are in, and keep what they measured last.

        Each ends with an `Outcome` ENDED, with a checkpoint of its last measured epoch or none.
        """
        ...

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        ...
