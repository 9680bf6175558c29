"""Cleanup of a process session: find and end the processes that the host and its own cluster leave.

Ray leaves two of its own behind for a minute when its driver is killed, and `ray stop` would end everybody's.
"""

import os
import signal
import time
from contextlib import suppress

from nas.proc_stat import processes


def end_session(session: int, *, patience: float = 5.0) -> None:
    """Kill every process of a session, but not the caller, and wait until they are gone."""
    deadline = time.monotonic() + patience
    while (left := _members(session)) and time.monotonic() < deadline:
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _members(session: int) -> list[int]:
    return [process.pid for process in processes() if process.session == session and process.pid != os.getpid()]
