"""Client of the fork server: ask for workers, which become children of this process, and reap them."""

import os
import secrets
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from multiprocessing.connection import Connection

from nas.executors._process.devices import Device
from nas.executors._process.process_tree import MARK, adopt_orphans
from nas.executors._process.stderr_tail import StderrTail
from nas.executors._shared.import_path import import_path
from nas.executors._shared.messages import WARM_UP


class ForkServer:
    """Starts with its construction, in a session of its own, with the environment of one device."""

    def __init__(self, device: Device) -> None:
        adopt_orphans()  # so that every worker is a child of this process, though the server forks it
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stderr = StderrTail()
        shown = bool(os.environ.get("NAS_TRACEBACK"))
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nas.executors._process.fork_server", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=2 if shown else subprocess.DEVNULL,  # nothing of a worker is on the terminal
                stderr=None if shown else self._stderr.writing,
                env=environment(device, secrets.token_hex(8)),
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(self._stderr.writing)

    def warm_up(self) -> None:
        """Have it load torch; workers forked later have it."""
        with suppress(OSError):
            self._requests.send(WARM_UP)

    def fork(self, device: Device, mark: str) -> Connection:
        """Return the way to a new worker, which says its process id there once it has begun.

        Where the server cannot start one, or is dead, the connection ends instead.
        """
        ours, theirs = socket.socketpair()
        with theirs, suppress(OSError):
            socket.send_fds(self._requests, [f"{mark},{device.kind},{device.core}".encode()], [theirs.fileno()])
        return Connection(ours.detach())

    @property
    def dead(self) -> bool:
        """Return whether its process has ended; what it has forked lives on."""
        return self.process.poll() is not None

    @property
    def name(self) -> str:
        """Name of it in messages."""
        return f"process {self.process.pid}, which starts workers,"

    def ending(self, timeout: float) -> str:
        """Return how it ended, with the last it wrote, or that it has not within these seconds."""
        code = None
        with suppress(subprocess.TimeoutExpired):
            code = self.process.wait(timeout)
        words = self._stderr.line(timeout) if code else ""
        return f"{describe_exit(self.name, code)}: {words}" if words else describe_exit(self.name, code)

    def close(self) -> None:
        """Kill it."""
        self.process.kill()
        self._requests.close()
        self.process.wait()


class Adopted:
    """A process that another has forked, and this one is the parent of."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def code(self, timeout: float = 0.0) -> int | None:
        """Return how it ended, a signal as a negative number; None where it has not ended within these seconds."""
        if self._code is None and self._ended(timeout):
            self._code = -signal.SIGKILL
            with suppress(ChildProcessError):
                self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.code() is None:
            os.kill(self.pid, number)

    def _ended(self, timeout: float) -> bool:
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            watched = select.poll()
            watched.register(descriptor, select.POLLIN)
            return bool(watched.poll(timeout * 1000))
        finally:
            os.close(descriptor)


def describe_exit(name: str, code: int | None) -> str:
    """Return how a process ended; one without a code lives and could not start another."""
    if code is None:
        return f"{name} could not start one"
    return f"{name} was killed by signal {-code}" if code < 0 else f"{name} exited with {code}"


def reap(orphans: Collection[int]) -> None:
    """Clear away what is left of killed processes that came to this one when their parents ended."""
    for pid in orphans:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def environment(device: Device, mark: str) -> dict[str, str]:
    """One thread per worker: intra-op threads make a small network slower, and there is a worker per core."""
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **threads, "PYTHONPATH": import_path(), MARK: mark, **device.environment}
