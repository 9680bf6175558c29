"""Start time of this command, before Python was loaded: what a budget's time counts from."""

import os
import time
from contextlib import suppress
from pathlib import Path

from nas.proc_stat import fields


def began() -> float:
    """Return the reading of `time.monotonic` at which this process was started; now, where that is not known."""
    now = time.monotonic()
    with suppress(OSError, ValueError, IndexError):
        started = int(fields(Path("/proc/self/stat"))[19]) / os.sysconf("SC_CLK_TCK")
        return now - max(time.clock_gettime(time.CLOCK_BOOTTIME) - started, 0.0)
    return now
