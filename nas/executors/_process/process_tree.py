"""Process tree of a worker: find and kill the processes that a user's own code has started.

They are found in three ways, since each can be escaped: they descend from the worker, which adopts its orphans; they
are in its session; they have inherited its mark.
"""

import ctypes
import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path

from nas.executors._shared.proc import fields

MARK = "NAS_WORKER"
"""The variable that every process of a worker has in its environment."""
_ROUNDS = 100
_PAUSE = 0.01
_SET_CHILD_SUBREAPER = 36  # of prctl(2)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none leaves the tree."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_offspring(workers: Mapping[int, str]) -> set[int]:
    """Kill everything that workers, given by process id and mark, have started, until nothing is left; return it.

    The workers themselves are spared. They should be stopped or dead, else they may start more.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        found = _offspring(workers)
        if not found:
            break
        killed |= found
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE)
    return killed


def _offspring(workers: Mapping[int, str]) -> set[int]:
    processes = dict(_processes())
    marks = {f"{MARK}={mark}".encode() for mark in workers.values()}
    found = {
        pid
        for pid, (_, session) in processes.items()
        if session in workers or _descends(pid, workers, processes) or _has(pid, marks)
    }
    return found - set(workers) - {os.getpid()}


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Return parent and session of every process of this machine that has not ended."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError):
            state, parent, _, session = fields(Path(f"/proc/{name}/stat"))[:4]
            if state not in "ZXx":
                yield int(name), (int(parent), int(session))


def _descends(pid: int, workers: Collection[int], processes: Mapping[int, tuple[int, int]]) -> bool:
    seen: set[int] = set()
    while pid in processes and pid not in seen:
        seen.add(pid)
        pid = processes[pid][0]
        if pid in workers:
            return True
    return False


def _has(pid: int, marks: Set[bytes]) -> bool:
    with suppress(OSError):
        return not marks.isdisjoint(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    return False
