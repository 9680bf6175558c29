"""Failures: the reason why a candidate failed, as an `Outcome` words it."""

import torch

from search_spaces.errors import NasError
from workers.engines.protocol import Failure

OUT_OF_MEMORY = (
    *("can't allocate memory", "out of memory", "not enough memory", "bad_alloc", "Cannot allocate memory"),
    *("CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"),
)
"""What torch's errors say when an allocation failed: not all of them have a type of their own."""

DEVICE_LOST = (
    "CUDA error",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUBLAS_STATUS_INTERNAL",
)
"""What they say when the device answers this process no more, whatever it is asked."""


class DeviceLost(Exception):
    """The process has to end: each further candidate would fail in it, whatever it is."""


LONGEST = 300
"""Characters kept of what an error says."""


def failure(error: BaseException) -> Failure:
    """Turn what one candidate raised into why it failed: `oom`, `build: …` or `crash: …`.

    One whose code calls `sys.exit` has failed like any other; only an interrupt is not the candidate's, and goes on.

    Raises:
        DeviceLost: no candidate can be trained in this process any more.
    """
    if isinstance(error, KeyboardInterrupt | GeneratorExit):
        raise error
    if out_of_memory(error):
        return Failure("oom")
    if isinstance(error, RuntimeError) and any(text in _said(error) for text in DEVICE_LOST):
        raise DeviceLost(_said(error)) from error
    if isinstance(error, NasError):
        return Failure(f"build: {error}")
    sentence = " ".join(_said(error).split())
    return Failure(f"crash: {type(error).__name__}: {sentence[:LONGEST]}")


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # it is somebody's own class
        return f"its text cannot be had: {type(worse).__name__}"


def out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that an allocation failed."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in _said(error) for text in OUT_OF_MEMORY)
