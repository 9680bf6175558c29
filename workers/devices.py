"""Devices: which there are, and how many threads a training uses."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def devices() -> tuple[str, ...]:
    """List the devices of this machine, the accelerators first: `cuda:0`, …, `cpu`."""
    return (*(f"cuda:{index}" for index in range(torch.cuda.device_count())), "cpu")


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
