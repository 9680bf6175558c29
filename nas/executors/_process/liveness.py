"""Liveness check: distinguish a hung worker from a busy one by its CPU time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas.proc_stat import fields

_FIELD_STATE, _FIELD_USER, _FIELD_SYSTEM = 0, 11, 12  # of /proc/PID/stat, after the program's name


@dataclass(slots=True)
class LivenessCheck:
    """Counts how long a worker has been silent while its controller listened.

    A worker says once a second that it lives, whatever it trains. When it does not, half of the limit passes before
    anybody looks; in the other half it must have used no processor time and waited for none. So neither a library
    that keeps Python from running nor a machine that is too loaded makes a worker look frozen.
    """

    pid: int
    limit: float
    """Seconds; 0 is for ever."""
    _silent: float = 0.0
    _used: int | None = None

    def reset(self) -> None:
        """Start counting anew: the worker has sent something."""
        self._silent, self._used = 0.0, None

    def frozen(self, listened: float) -> bool:
        """Add the seconds that the controller has listened in vain, and tell whether that was too long."""
        self._silent += listened
        if not self.limit or self._silent < self.limit / 2:
            return False
        used = _processor_time(self.pid)
        if used is None or used != self._used:
            self._silent, self._used = self.limit / 2, used
        return self._silent >= self.limit


def _processor_time(pid: int) -> int | None:
    """Return the ticks that a process has used; None where one of its threads runs or waits for its turn."""
    ticks = 0
    for told in _threads(pid):
        if told[_FIELD_STATE] == "R":
            return None
        ticks += int(told[_FIELD_USER]) + int(told[_FIELD_SYSTEM])
    return ticks


def _threads(pid: int) -> Iterator[list[str]]:
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            yield fields(stat)
        except OSError:
            continue  # the thread has ended meanwhile
