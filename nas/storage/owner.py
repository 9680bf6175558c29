"""Lease owner: the identity of this process, and whether the process that holds a lease is dead."""

import os
import socket
from functools import cache
from pathlib import Path

from nas.proc_stat import ENDED, fields
from nas.storage.records import Owner


def this_process() -> Owner:
    """Describe the calling process."""
    return Owner(socket.gethostname(), os.getpid(), _started(os.getpid()) or "", _boot())


def is_dead(owner: Owner) -> bool:
    """Return whether an owner is known to be gone; one that cannot be seen from here is not known to be."""
    if owner.boot != _boot() or owner.pid <= 0:
        return False
    started = _started(owner.pid)
    if owner.started and started is not None:
        return started != owner.started
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _started(pid: int) -> str | None:
    """Return the kernel's start time of a process, empty for one that only waits to be reaped, None if unreadable."""
    try:
        found = fields(Path(f"/proc/{pid}/stat"))
    except OSError:
        return None
    return "" if found[0] in ENDED else found[19]


@cache
def _boot() -> str:
    try:
        return (
            Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip() + " " + os.readlink("/proc/self/ns/pid")
        )
    except OSError:
        return socket.gethostname()
