"""Long-lived worker processes on this machine, one per core: the default."""

import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait

from nas.errors import WorkersUnusable
from nas.executors._gpus import VISIBLE, visible_gpus
from nas.executors._wire import Answer, Described, JobDone, Ready, Report
from nas.executors.protocol import Executor
from search_spaces.hyperparameters import integer, option
from workers.errors import TaskError
from workers.messages import Event, Job, JobLost, Outcome, TaskInfo, TaskSpec

_FALSE_STARTS = 3
"""So many workers in a row may die before they are ready; then something is wrong with the machine, not with a job."""


@dataclass(frozen=True, slots=True)
class Process:
    """Train in worker processes of this machine that die with the controller."""

    workers: int = integer(0, "how many processes; 0 means one per core, or per GPU", low=0, high=1024)

    cohort: int = integer(0, "candidates per job; 0 chooses from what their epochs cost", low=0, high=1024)

    device: str = option("cpu", "what they train on; each worker is given one GPU of its own", ("cpu", "cuda"))

    def start(self) -> Executor:
        """Start the workers; they load torch side by side.

        Raises:
            WorkersUnusable: they shall train on GPUs and there is none.
        """
        if self.device == "cpu":
            return ProcessExecutor(self.workers or len(os.sched_getaffinity(0)), self.cohort)
        gpus = visible_gpus(os.environ)
        if not gpus:
            raise WorkersUnusable("executor.process.device is 'cuda', and this machine has no GPU (allowed: 'cpu')")
        return ProcessExecutor(self.workers or len(gpus), self.cohort, gpus)


class ProcessExecutor:
    """Hands each job to a free worker, replaces workers that die, and says which job died with them."""

    def __init__(self, workers: int, cohort: int = 0, gpus: Sequence[str] = ()) -> None:
        self.cohort = cohort
        self._queue: deque[Job] = deque()
        self._unbegun: list[Outcome] = []
        self._false_starts = 0
        self._workers = [_WorkerProcess(gpus[index % len(gpus)] if gpus else "") for index in range(workers)]

    @property
    def capacity(self) -> int:
        """One job per worker."""
        return len(self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the living workers."""
        return tuple(worker.process.pid for worker in self._workers)

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Let every worker load a task, and the first say what it holds."""
        for worker in self._workers:
            worker.connection.send(task)
        worker = self._workers[0]
        while True:
            try:
                message = worker.connection.recv()
            except (EOFError, ConnectionError):
                raise WorkersUnusable(f"a worker died while it loaded the task {task.task.name!r}") from None
            if isinstance(message, Described):
                break
            worker.take(message)
        if message.info is None:
            raise TaskError(message.mistake)
        return message.info

    def submit(self, job: Job) -> None:
        """Give the job to a free worker, or queue it."""
        self._queue.append(job)
        self._feed()

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Collect what the workers have sent, waiting for a first message."""
        for worker in self._workers:
            worker.answer(frozenset())
        happened: list[Event | JobLost] = [*self._unbegun]
        self._unbegun.clear()
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), 0.0 if happened else timeout):
            assert isinstance(ready, Connection)
            happened.extend(self._receive(by_connection[ready]))
        self._feed()
        return happened

    def stop(self, numbers: Collection[int]) -> None:
        """Pass the stops on to the workers that train these trials."""
        for worker in self._workers:
            worker.answer(worker.numbers & frozenset(numbers))
        self._unqueue(frozenset(numbers))

    def close(self) -> None:
        """Kill every worker: what they had not reported is trained again by whoever resumes."""
        for worker in self._workers:
            worker.kill()
        self._queue.clear()

    def _unqueue(self, numbers: frozenset[int]) -> None:
        """Take trials that no worker has begun out of the queue; they end where they would have started."""
        for job in list(self._queue):
            stopped = [item for item in job.assignments if item.number in numbers]
            if stopped:
                self._unbegun += [
                    Outcome(item.number, item.attempt, "PRUNED", item.start_epoch, {}, 0.0) for item in stopped
                ]
                rest = tuple(item for item in job.assignments if item not in stopped)
                place = self._queue.index(job)
                del self._queue[place]
                if rest:
                    self._queue.insert(place, replace(job, assignments=rest))

    def _feed(self) -> None:
        for worker in self._workers:
            if self._queue and worker.job is None:
                worker.give(self._queue.popleft())

    def _receive(self, worker: "_WorkerProcess") -> Sequence[Event | JobLost]:
        happened: list[Event | JobLost] = []
        try:
            while worker.connection.poll(0):
                happened.extend(worker.take(worker.connection.recv()))
        except (EOFError, ConnectionError):
            happened.extend(self._replace(worker))
        return happened

    def _replace(self, worker: "_WorkerProcess") -> Sequence[JobLost]:
        reason = worker.kill()
        self._false_starts = 0 if worker.ready else self._false_starts + 1
        if self._false_starts >= _FALSE_STARTS:
            raise WorkersUnusable(f"{_FALSE_STARTS} workers in a row died before they were ready: {reason}")
        self._workers[self._workers.index(worker)] = _WorkerProcess(worker.gpu)
        return [JobLost(worker.job.id, reason)] if worker.job else []


class _WorkerProcess:
    """One worker: its process, the socket to it, the GPU it is pinned to, if any, and the job it has."""

    def __init__(self, gpu: str = "") -> None:
        self.gpu = gpu
        ours, theirs = socket.socketpair()
        device = "cuda" if gpu else "cpu"
        command = [sys.executable, "-m", "nas.executors._worker", str(theirs.fileno()), device]
        self.process = subprocess.Popen(
            command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, env=_environment(gpu)
        )
        theirs.close()
        self.connection: Connection = Connection(ours.detach())
        self.job: Job | None = None
        self.ready = False
        self._turn = -1
        self._answered = -1

    @property
    def numbers(self) -> frozenset[int]:
        """The trials it trains."""
        return frozenset(item.number for item in self.job.assignments) if self.job else frozenset()

    def give(self, job: Job) -> None:
        """Send it a job; if it is dead already, `poll` notices and the job is lost then."""
        self.job, self._turn, self._answered = job, -1, -1
        with contextlib.suppress(OSError):
            self.connection.send(job)

    def answer(self, stops: frozenset[int]) -> None:
        """Tell it whom to stop; without stops, that its last report was seen, unless that was said already."""
        if stops or self._answered < self._turn:
            self._answered = self._turn
            with contextlib.suppress(OSError):  # a dead worker is noticed by poll
                self.connection.send(Answer(self._turn, stops))

    def take(self, message: object) -> list[Event]:
        """Take one message and return the events in it."""
        match message:
            case Ready():
                self.ready = True
            case JobDone():
                self.job = None
            case Report() as report:
                self._turn = report.turn
                return report.events
        return []

    def kill(self) -> str:
        """End it and say how it ended."""
        self.process.kill()
        code = self.process.wait()
        self.connection.close()
        return f"worker {self.process.pid} was killed by signal {-code}" if code < 0 else f"worker exited with {code}"


def _environment(gpu: str) -> dict[str, str]:
    """One thread per worker: intra-op threads make a small network slower, and there is a worker per core.

    The GPU is chosen before torch is loaded, so that a worker cannot touch another's.
    """
    pinned = {VISIBLE: gpu} if gpu else {}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": path, **pinned}
