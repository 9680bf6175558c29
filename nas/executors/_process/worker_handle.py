"""Worker handle: a worker process as its controller sees it: the process, the socket to it, and its job."""

import contextlib
import secrets
import signal
from collections.abc import Collection
from multiprocessing.connection import Connection

from nas.executors._process.devices import Device
from nas.executors._process.fork_client import Adopted, ForkServer, describe_exit, reap
from nas.executors._process.liveness import LivenessCheck
from nas.executors._process.process_tree import end_offspring
from nas.executors._shared.assigned_job import AssignedJob
from nas.executors._shared.messages import Answer, Crashed, End, JobDone, Ready, Report
from workers.messages import Event, Job, Memory, Outcome

_DYING = 5.0
"""Seconds that a killed process is waited for: one that waits for a dead disk or network drive cannot end before it."""

_CLOSING = 1.0
"""Seconds between the moments in which a dying process closes its sockets and in which it is dead, at most."""


class WorkerProcess:
    """Asked for with its construction; it begins, in a session of its own, once its server has time for it."""

    def __init__(self, server: ForkServer, device: Device, silence: float = 0.0) -> None:
        self.server, self.device = server, device
        self.mark = secrets.token_hex(8)
        self.connection: Connection = server.fork(device, self.mark)
        self.liveness = LivenessCheck(server.process.pid, silence)
        """Until it begins, its server's."""
        self.process: Adopted | None = None
        """None until it has begun."""
        self._assigned: AssignedJob | None = None
        self.memory: Memory | None = None
        """What its last job left as its peak."""
        self.error = ""
        """What it ended with, where nobody had thought of it."""
        self._turn = -1
        self._answered = -1

    @property
    def job(self) -> Job | None:
        """The job that it has."""
        return self._assigned.job if self._assigned else None

    @property
    def numbers(self) -> frozenset[int]:
        """The trials it trains."""
        return self._assigned.numbers if self._assigned else frozenset()

    @property
    def dead(self) -> bool:
        """Return whether its process has ended; its socket may still be open, in a process that it has started.

        One that has not begun is dead with its server.
        """
        return self.server.dead if self.process is None else self.process.code() is not None

    def give(self, job: Job) -> None:
        """Send it a job."""
        self._assigned, self._turn, self._answered = AssignedJob(job), -1, -1
        self.send(job)

    def answer(self, stops: frozenset[int]) -> None:
        """Send it the trials to stop; without any, acknowledge its last report, once."""
        if stops or self._answered < self._turn:
            self._answered = self._turn
            self.send(Answer(self._turn, stops))

    def end(self, numbers: frozenset[int]) -> list[Outcome]:
        """Send it the trials to end at once; return the outcomes of those it has not begun."""
        if self._assigned is None or not numbers:
            return []
        self.send(End(numbers))
        return self._assigned.end(numbers)

    def send(self, message: object) -> None:
        """Send it a message; if it is dead already, whoever listens to it notices."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def take(self, message: object) -> list[Event]:
        """Take one message and return the events in it."""
        self.liveness.reset()
        match message:
            case Ready() as ready:
                self.process = Adopted(ready.pid)
                self.liveness.pid = ready.pid
            case Crashed() as crashed:
                self.error = crashed.error
            case JobDone() as done:
                self._assigned, self.memory = None, done.memory
            case Report() as report:
                self._turn = report.turn
                return self._assigned.take(report.events) if self._assigned else report.events
        return []

    @property
    def name(self) -> str:
        """Name of it in messages."""
        return f"worker {self.process.pid}" if self.process else self.server.name

    def kill(self) -> str:
        """End it and all that it has started, and say how it ended."""
        end([self])
        if self.process is None:
            return self.server.ending(_CLOSING)
        code = self.process.code()
        if code is None:
            return f"{self.name} cannot be ended before what it waits for"
        return f"{describe_exit(self.name, code)}: {self.error}" if self.error else describe_exit(self.name, code)

    def poll_start(self) -> None:
        """Check whether it has begun: its first message says so."""
        with contextlib.suppress(EOFError, OSError):
            if self.process is None and self.connection.poll(0):
                self.take(self.connection.recv())


def end(workers: Collection[WorkerProcess]) -> None:
    """Kill workers and all that they have started: first they are stopped, so that they start nothing more.

    One that has not begun will find nobody at the other end of its socket, and end.
    """
    for worker in workers:
        worker.poll_start()
    begun = {worker.process: worker.mark for worker in workers if worker.process is not None}
    for process in begun:
        process.signal(signal.SIGSTOP)
    orphans = end_offspring({process.pid: mark for process, mark in begun.items()})
    for process in begun:
        process.signal(signal.SIGKILL)
    for worker in workers:
        worker.connection.close()
    for process in begun:
        process.code(_DYING)
    reap(orphans)
