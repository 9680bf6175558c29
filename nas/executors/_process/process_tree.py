"""Process tree of a worker: find and kill the processes that a user's own code has started.

They are found in three ways, since each can be escaped: they descend from the worker, which adopts its orphans; they
are in its session; they have inherited its mark.
"""

import ctypes
import os
import signal
import time
from collections.abc import Collection, Mapping, Set
from contextlib import suppress
from pathlib import Path

from nas.proc_stat import Process, processes

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
    living = {process.pid: process for process in processes()}
    marks = {f"{MARK}={mark}".encode() for mark in workers.values()}
    found = {
        pid
        for pid, process in living.items()
        if process.session in workers or _descends(pid, workers, living) or _has(pid, marks)
    }
    return found - set(workers) - {os.getpid()}


def _descends(pid: int, workers: Collection[int], living: Mapping[int, Process]) -> bool:
    seen: set[int] = set()
    while pid in living and pid not in seen:
        seen.add(pid)
        pid = living[pid].parent
        if pid in workers:
            return True
    return False


def _has(pid: int, marks: Set[bytes]) -> bool:
    with suppress(OSError):
        return not marks.isdisjoint(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    return False
