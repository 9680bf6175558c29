"""Devices: which there are, their memory, and how many threads a training uses."""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import torch

from workers.messages import Memory

CONTEXT = 512 << 20
"""Bytes of a GPU that a process takes before its first tensor, about: the driver's, and the libraries' kernels."""

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where a container's memory ends."""


def devices() -> tuple[str, ...]:
    """List the devices of this machine, the accelerators first: `cuda:0`, …, `cpu`."""
    return (*(f"cuda:{index}" for index in range(torch.cuda.device_count())), "cpu")


def memory(device: str) -> Memory:
    """Return what this process has taken of a device's memory at its peak, and what it could have taken."""
    if device == "cpu":
        return Memory(peak_resident(), _available() + psutil.Process().memory_info().rss)
    free, _ = torch.cuda.mem_get_info(device)
    room = free + torch.cuda.memory_reserved(device) + CONTEXT
    return Memory(torch.cuda.max_memory_reserved(device) + CONTEXT, room)


def peak_resident() -> int:
    """Return the most bytes that this process has held in the machine's memory."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def release() -> None:
    """Give memory back that nothing uses any more: what failed may have left it in cycles or in torch's own store."""
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one core: more make a small network slower, and their number would change the last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _available() -> int:
    """Return the bytes that are free or can be freed, within the container's limit."""
    available = int(psutil.virtual_memory().available)
    for limit in LIMITS:
        with suppress(OSError, ValueError):  # "max" is no limit
            available = min(available, int(limit.read_text()))
    return available
