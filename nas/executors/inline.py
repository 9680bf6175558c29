"""One job at a time, in this very process: slow, simple, and bit for bit repeatable."""

from collections import deque
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nas.executors._mute import muted
from nas.executors.protocol import Executor
from search_spaces.hyperparameters import integer
from workers.errors import TaskError
from workers.messages import Event, Job, JobLost, TaskInfo, TaskSpec

if TYPE_CHECKING:
    from workers.train import Worker

Training = Generator[list[Event], Collection[int], None]


@dataclass(frozen=True, slots=True)
class Inline:
    """Train in the controller's own process; the cohort's size is fixed, so that a search can be repeated."""

    cohort: int = integer(1, "candidates per job", low=1, high=1024)

    def start(self) -> Executor:
        """Load torch and return the executor."""
        from workers.train import Worker

        return InlineExecutor(Worker(), self.cohort)


class InlineExecutor:
    """Advances the training by one report at each `poll`, so that every stop is heard before the next epoch."""

    capacity = 1

    def __init__(self, worker: "Worker", cohort: int = 1) -> None:
        self._worker = worker
        self.cohort = cohort
        self._jobs: deque[Job] = deque()
        self._training: Training | None = None
        self._stops: set[int] = set()

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Load a task and say what it holds."""
        try:
            with muted():
                return self._worker.describe(task)
        except SystemExit as error:  # of a task of another distribution
            raise TaskError(f"the task {task.task.name!r} ended the program, with {error.code!r}") from error

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._jobs.append(job)

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:  # training is the waiting
        """Train until the next report and return it."""
        with muted():
            return self._next()

    def _next(self) -> Sequence[Event | JobLost]:
        try:
            if self._training is not None:
                return self._training.send(self._take_stops())
            if self._jobs:
                self._training = self._worker.train(self._jobs.popleft())
                return next(self._training)
        except StopIteration:
            self._training = None
        return ()

    def stop(self, numbers: Collection[int]) -> None:
        """Remember whom to stop at the next report."""
        self._stops.update(numbers)

    def close(self) -> None:
        """Leave the training where it is."""
        if self._training is not None:
            self._training.close()
        self._jobs.clear()

    def _take_stops(self) -> frozenset[int]:
        stops = frozenset(self._stops)
        self._stops.clear()
        return stops
