"""One worker process as its controller sees it: the process, the socket to it, and the job it has."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Collection
from multiprocessing.connection import Connection

from nas.executors._devices import Device
from nas.executors._offspring import MARK, end_offspring
from nas.executors._pulse import Pulse
from nas.executors._wire import Answer, JobDone, Ready, Report
from workers.messages import Event, Job, Memory

_DYING = 5.0
"""Seconds that a killed process is waited for: one that waits for a dead disk or network drive cannot end before it."""


class WorkerProcess:
    """Starts with its construction, in a session of its own, pinned to its device."""

    def __init__(self, device: Device, silence: float = 0.0) -> None:
        self.device = device
        ours, theirs = socket.socketpair()
        self.mark = secrets.token_hex(8)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nas.executors._worker", str(theirs.fileno()), device.kind],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=environment(device, self.mark),
            start_new_session=True,
        )
        theirs.close()
        with contextlib.suppress(ProcessLookupError):  # dead already, which is noticed later
            device.pin(self.process.pid)
        self.connection: Connection = Connection(ours.detach())
        self.pulse = Pulse(self.process.pid, silence)
        self.job: Job | None = None
        self.ready = False
        self.memory: Memory | None = None
        """What its last job left as its peak."""
        self._turn = -1
        self._answered = -1

    @property
    def numbers(self) -> frozenset[int]:
        """The trials it trains."""
        return frozenset(item.number for item in self.job.assignments) if self.job else frozenset()

    @property
    def dead(self) -> bool:
        """Whether its process has ended; its socket may be open all the same, in a process that it has started."""
        return self.process.poll() is not None

    def give(self, job: Job) -> None:
        """Send it a job."""
        self.job, self._turn, self._answered = job, -1, -1
        self.send(job)

    def answer(self, stops: frozenset[int]) -> None:
        """Tell it whom to stop; without stops, that its last report was seen, unless that was said already."""
        if stops or self._answered < self._turn:
            self._answered = self._turn
            self.send(Answer(self._turn, stops))

    def send(self, message: object) -> None:
        """Send it a message; if it is dead already, whoever listens to it notices."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def take(self, message: object) -> list[Event]:
        """Take one message and return the events in it."""
        self.pulse.heard()
        match message:
            case Ready():
                self.ready = True
            case JobDone() as done:
                self.job, self.memory = None, done.memory
            case Report() as report:
                self._turn = report.turn
                return report.events
        return []

    def kill(self) -> str:
        """End it and all that it has started, and say how it ended."""
        end([self])
        code = self.process.poll()
        if code is None:
            return f"worker {self.process.pid} cannot be ended before what it waits for"
        return f"worker {self.process.pid} was killed by signal {-code}" if code < 0 else f"worker exited with {code}"


def end(workers: Collection[WorkerProcess]) -> None:
    """Kill workers and all that they have started: first they are stopped, so that they start nothing more."""
    for worker in workers:
        worker.process.send_signal(signal.SIGSTOP)
    end_offspring({worker.process.pid: worker.mark for worker in workers})
    for worker in workers:
        worker.process.kill()
        worker.connection.close()
    for worker in workers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(_DYING)


def environment(device: Device, mark: str) -> dict[str, str]:
    """One thread per worker: intra-op threads make a small network slower, and there is a worker per core."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **threads, "PYTHONPATH": path, MARK: mark, **device.environment}
