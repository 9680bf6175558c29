"""Cleanup of a process session: find and end the processes that the host and its own cluster leave.

Ray leaves two of its own behind for a minute when its driver is killed, and `ray stop` would end everybody's.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nas.executors._shared.proc import fields


def end_session(session: int, *, patience: float = 5.0) -> None:
    """Kill every process of a session, but not the caller, and wait until they are gone."""
    deadline = time.monotonic() + patience
    while (left := list(_members(session))) and time.monotonic() < deadline:
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _members(session: int) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, sid = fields(entry / "stat")[:4]
        except OSError:
            continue  # it has ended
        if int(sid) == session and state not in "ZX" and int(entry.name) != os.getpid():
            yield int(entry.name)
