"""Cancellation: which trials of a job are to end at once; engines look it up between two batches."""

import ctypes
from collections.abc import Collection, Mapping

Flag = ctypes.c_int32
"""Not 0: end. Where the engine is C++ it reads this memory while another thread of Python may write to it."""

Flags = Mapping[int, Flag]
"""Of the candidates that may be cut short within an epoch, by number."""

NEVER = Flag(0)
"""Nobody raises this one."""

NONE: Flags = {}


class CancellationRequests:
    """Told by one thread and read by another; it belongs to one job, so that no later life of a trial is meant."""

    def __init__(self) -> None:
        self._flags: dict[int, Flag] = {}

    def add(self, numbers: Collection[int]) -> None:
        """Have these trials end now."""
        for number in numbers:
            self.flag(number).value = 1

    def flag(self, number: int) -> Flag:
        """Return what tells whether a trial is to end, now and later."""
        return self._flags.setdefault(number, Flag(0))

    def __contains__(self, number: int) -> bool:
        return bool(self.flag(number).value)
