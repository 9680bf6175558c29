"""Tail of a process's standard error: its last line, kept away from the terminal."""

import os
from threading import Thread

_KEPT = 4096  # bytes


class StderrTail:
    """Reads a pipe to its end, in a thread of its own, and keeps the last few lines."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        """`writing` is for the process; whoever starts it closes it then."""
        self._kept = b""
        self._thread = Thread(target=self._read, name="last words", daemon=True)
        self._thread.start()

    def line(self, timeout: float) -> str:
        """Return the last line, waiting so many seconds for the end of the pipe."""
        self._thread.join(timeout)
        lines = self._kept.decode("utf-8", "replace").split("\n")
        return next((" ".join(line.split()) for line in reversed(lines) if line.strip()), "")

    def _read(self) -> None:
        try:
            while part := os.read(self._reading, _KEPT):
                self._kept = (self._kept + part)[-_KEPT:]
        finally:
            os.close(self._reading)
