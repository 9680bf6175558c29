"""Executors of other distributions: an unexpected exception becomes one sentence that names the executor."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from nas.executors.protocol import Executor
from nas.plug_ins import cut
from search_spaces.errors import NasError, Problem, SpecError
from workers.messages import Event, Job, JobLost, Probe, TaskInfo, TaskSpec, Timings

R = TypeVar("R")


class Foreign:
    """Passes everything on to it."""

    def __init__(self, path: str, whose: str, start: Callable[[], Executor]) -> None:
        """Start it; `path` is where the study file names it, `whose` what it is called in an error."""
        self._path, self._whose = path, whose
        self._executor = self._called(start)

    @property
    def capacity(self) -> int:
        """Number of jobs that can run at the same time."""
        return self._called(lambda: self._executor.capacity)

    @property
    def cohort(self) -> int:
        """Number of candidates in a job."""
        return self._called(lambda: self._executor.cohort)

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Return what a task holds."""
        return self._called(lambda: self._executor.describe(task))

    def probe(self, probe: Probe) -> Timings:
        """Time a few steps."""
        return self._called(lambda: self._executor.probe(probe))

    def submit(self, job: Job) -> None:
        """Start a job."""
        self._called(lambda: self._executor.submit(job))

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Return what has happened."""
        return self._called(lambda: self._executor.poll(timeout))

    def stop(self, numbers: Collection[int]) -> None:
        """Give up trials after their epoch."""
        self._called(lambda: self._executor.stop(numbers))

    def end(self, numbers: Collection[int]) -> None:
        """End trials at once."""
        self._called(lambda: self._executor.end(numbers))

    def close(self) -> None:
        """End every worker."""
        self._called(self._executor.close)

    def _called(self, call: Callable[[], R]) -> R:
        try:
            return call()
        except (NasError, KeyboardInterrupt, GeneratorExit, MemoryError):
            raise
        except BaseException as error:
            told = f"{self._whose} failed: {type(error).__name__}: {cut(str(error))}"
            raise SpecError([Problem(self._path, told)]) from error
