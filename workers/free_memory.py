"""Free memory of this process: what the machine, its container and the limits of the process leave."""

import resource
from contextlib import suppress
from pathlib import Path

import psutil

from workers.errors import TaskError

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
USED = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))
"""Where a container's memory ends, and how much of it is taken."""


def room() -> int:
    """Return the bytes that can still be taken, about."""
    return max(0, min(int(psutil.virtual_memory().available), _of_container(), _of_process()))


def require_room(need: float, what: str) -> None:
    """Raise `TaskError`, with both sizes, unless so many bytes can still be taken."""
    there = room()
    if need > there:
        raise TaskError(f"{what} would take {need / 1e9:.1f} GB of memory, and {there / 1e9:.1f} GB are there")


def _of_container() -> int:
    for limit, used in zip(LIMITS, USED, strict=True):
        with suppress(OSError, ValueError):  # "max" is no limit
            return int(limit.read_text()) - int(used.read_text())
    return 1 << 62


def _of_process() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return 1 << 62
    return limit - int(psutil.Process().memory_info().vms)
