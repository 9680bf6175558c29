"""Tune executor: its workers are Tune's trials; a job waits until Tune asks for one, a stop until it reports."""

from collections import deque
from collections.abc import Collection, Sequence

from nas.executors.inline import Inline
from workers.messages import Event, Job, JobLost, Probe, TaskInfo, TaskSpec, Timings


class TuneExecutor:
    """Starts nothing itself, and receives nothing: Tune's calls bring what has happened."""

    cohort = 1

    def __init__(self) -> None:
        self.capacity = 1
        """Jobs that may be under way; whoever asks for one more raises it first."""
        self.stops: set[int] = set()
        """Trials that shall end at their next report."""
        self.ended: set[int] = set()
        """Trials that shall end there too, and keep what they have reached."""
        self._offered: deque[Job] = deque()

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Load a task in this process and say what it holds."""
        return Inline().start().describe(task)

    def probe(self, probe: Probe) -> Timings:
        """Time a few steps in this process."""
        return Inline().start().probe(probe)

    def submit(self, job: Job) -> None:
        """Keep a job until it is taken."""
        self._offered.append(job)

    def take(self) -> Job | None:
        """Take the job that was offered first, if there is one."""
        return self._offered.popleft() if self._offered else None

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Return nothing."""
        return ()

    def stop(self, numbers: Collection[int]) -> None:
        """Remember whom to stop."""
        self.stops.update(numbers)

    def end(self, numbers: Collection[int]) -> None:
        """Remember whom to end; Tune lets nobody into the middle of an epoch."""
        self.ended.update(numbers)

    def close(self) -> None:
        """Forget what was offered."""
        self._offered.clear()
