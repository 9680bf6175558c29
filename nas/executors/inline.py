"""One job at a time, in this very process: slow, simple, and bit for bit repeatable."""

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from nas.executors._shared.assigned_job import AssignedJob
from nas.executors._shared.job_queue import JobQueue
from nas.executors._shared.suppressed_output import muted
from nas.executors.protocol import Executor
from search_spaces.hyperparameters import integer
from workers.cancellation import CancellationRequests
from workers.messages import Event, Job, JobLost, Outcome, Probe, TaskInfo, TaskSpec, Timings

if TYPE_CHECKING:
    from workers.worker import Worker

_CLOSING = 2.0
"""Seconds in which a training that is left has to come to the end of its batch."""


@dataclass(frozen=True, slots=True)
class Inline:
    """Train in the controller's own process; the cohort's size is fixed, so that a search can be repeated."""

    cohort: int = integer(1, "candidates per job", low=1, high=1024)

    def start(self) -> Executor:
        """Return the executor; torch is loaded while its task is read."""
        from workers.worker import Worker, load_torch

        loading = Thread(target=load_torch, name="torch")
        loading.start()
        return InlineExecutor(Worker(), self.cohort, loading)


class InlineExecutor:
    """Advances the training by one report at a time, so that every stop takes effect before the next epoch.

    Only a `poll` that waits takes a report, and training waits until it was taken: what a search sees does not depend
    on how long anything took. Training is a thread, so that a controller can end a trial in the middle of an epoch.
    """

    capacity = 1

    def __init__(self, worker: "Worker", cohort: int = 1, loading: Thread | None = None) -> None:
        self._worker = worker
        self._loading = loading
        self.cohort = cohort
        self._waiting = JobQueue()
        self._assigned: AssignedJob | None = None
        self._cancellations = CancellationRequests()
        self._training: Generator[list[Event], Collection[int], None] | None = None
        self._thread = _Thread()
        self._at_work = False
        self._stops: set[int] = set()
        self._unbegun: list[Outcome] = []

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Load a task and say what it holds."""
        with muted():
            return self._worker.describe(task)

    def probe(self, probe: Probe) -> Timings:
        """Time a few steps."""
        self._loaded()
        return self._worker.probe(probe)

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._loaded()
        self._waiting.put(job)

    def _loaded(self) -> None:
        """Wait until torch is loaded: two threads that import the same modules may meet one that is half there."""
        if self._loading is not None:
            self._loading.join()
            self._loading = None

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Train until the next report and return it; without a time to wait, return only what needs no training."""
        if self._unbegun or not timeout:
            unbegun, self._unbegun = self._unbegun, []
            return unbegun
        events: list[Event] | None = []
        with muted():
            while events == [] and (self._at_work or self._advance()):
                events = self._report(timeout)
        return events or ()

    def stop(self, numbers: Collection[int]) -> None:
        """Remember whom to stop at the next report."""
        self._stops.update(numbers)
        self._unbegun += self._waiting.withdraw(numbers, "PRUNED")

    def end(self, numbers: Collection[int]) -> None:
        """Have trials end before their next batch."""
        self._unbegun += self._waiting.withdraw(numbers, "ENDED")
        if self._assigned is not None:
            ended = self._assigned.numbers & frozenset(numbers)
            self._cancellations.add(ended)
            self._unbegun += self._assigned.end(ended)

    def close(self) -> None:
        """Leave the training where it is, after the batch it is in."""
        self._waiting.clear()
        if self._assigned is not None:
            self._cancellations.add(self._assigned.numbers)
        if self._at_work:
            self._thread.result(_CLOSING)
        self._thread.end()

    def _advance(self) -> bool:
        """Wake the thread for the job, or for the next one; return whether there is one."""
        if self._training is None:
            if not len(self._waiting):
                return False
            self._assigned, self._cancellations = AssignedJob(self._waiting.take()), CancellationRequests()
            self._training = self._worker.train(self._assigned.job, self._cancellations)
            self._thread.do(self._training.__next__)
        else:
            training, stops = self._training, frozenset(self._stops)
            self._thread.do(lambda: training.send(stops))
        self._stops.clear()
        self._at_work = True
        return True

    def _report(self, timeout: float) -> list[Event] | None:
        """Return what the thread reports; None where it does not within this time."""
        result = self._thread.result(timeout)
        if result is None:
            return None
        self._at_work = False
        if isinstance(result, StopIteration):
            self._training = self._assigned = None
            return []
        if isinstance(result, BaseException):
            raise result
        assert self._assigned is not None
        return self._assigned.take(result)


class _Thread:
    """Does one thing at a time."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], list[Event]] | None] = SimpleQueue()
        self._results: SimpleQueue[list[Event] | BaseException] = SimpleQueue()
        self._thread: Thread | None = None

    def do(self, work: Callable[[], list[Event]]) -> None:
        """Begin with something."""
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="training", daemon=True)
            self._thread.start()
        self._work.put(work)

    def result(self, timeout: float) -> list[Event] | BaseException | None:
        """Return what came of it, or was raised; None where it is not done within this time."""
        try:
            return self._results.get(timeout=timeout)
        except Empty:
            return None

    def end(self) -> None:
        """End the thread."""
        self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                self._results.put(work())
            except BaseException as error:
                self._results.put(error)
