"""Fork server: `python -m nas.executors._process.fork_server FD` forks workers as a socket asks it to.

It loads torch once for all of them, so that a worker is there within milliseconds and shares what torch takes of the
memory. It runs nothing of the user's and has no thread beside its own: a fork of it is as good as a fresh process.
"""

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from nas.executors._process.process_tree import MARK
from nas.executors._process.worker_main import work
from nas.executors._shared.messages import WARM_UP
from nas.proc_stat import fields
from workers.worker import warm_up

_LONGEST = 4096
_ARGUMENTS, _ENVIRONMENT_END = 45, 48  # in /proc/PID/stat, after the program's name


def main() -> None:
    """Serve one controller until it goes away; in a forked process, be the worker."""
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal's, for all its processes: draining is the controller's
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        requests.set_inheritable(False)
        forked = _serve(requests)
    if forked:
        descriptor, request = forked
        mark, device, core = request.decode().split(",")
        _begin(mark, core)
        work(descriptor, device)


def _serve(requests: socket.socket) -> tuple[int, bytes] | None:
    """Do what is asked for; return in each worker, with its socket and what was asked, and when there is no more."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, _LONGEST, 1)
        if not request:
            return None
        if request == WARM_UP:
            warm_up()
        elif _fork():
            return descriptors[0], request
        for descriptor in descriptors:
            os.close(descriptor)


def _fork() -> bool:
    """Start a process whose parent is the controller, which adopts it; return True there.

    Where no process can be started, the socket that was meant for it closes, which tells the controller.
    """
    with suppress(OSError):
        between = os.fork()
        if between:
            os.waitpid(between, 0)
            return False
        try:
            worker = not os.fork()
        except OSError:
            os._exit(1)
        if worker:
            return True
        os._exit(0)
    return False


def _begin(mark: str, core: str) -> None:
    """Leave the server's session, and take the worker's own name, mark and core."""
    os.setsid()
    _write_over(b"fork_server", b"worker_main")
    _write_over(f"{MARK}={os.environ[MARK]}".encode(), f"{MARK}={mark}".encode())
    os.environ[MARK] = mark
    if core:
        os.sched_setaffinity(0, {int(core)})


def _write_over(old: bytes, new: bytes) -> None:
    """Change what the system shows of the arguments and the environment that this process was started with."""
    told = fields(Path("/proc/self/stat"))
    begin, end = int(told[_ARGUMENTS]), int(told[_ENVIRONMENT_END])
    where = ctypes.string_at(begin, end - begin).find(old)
    if where >= 0:
        ctypes.memmove(begin + where, new.ljust(len(old), b"\0"), len(old))


if __name__ == "__main__":
    main()
