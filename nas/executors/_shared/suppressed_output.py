"""Suppressed output: what a trial prints is kept off the standard streams that it shares with the controller."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout


class _Nowhere(io.TextIOBase):
    def writable(self) -> bool:
        """Return that it takes text."""
        return True

    def write(self, text: str) -> int:
        """Take the text and forget it."""
        return len(text)


_NOWHERE = _Nowhere()


@contextmanager
def muted() -> Iterator[None]:
    """Forget what Python code writes to both streams, unless NAS_TRACEBACK asks for all that is known of errors."""
    shown = bool(os.environ.get("NAS_TRACEBACK"))
    with nullcontext() if shown else redirect_stdout(_NOWHERE), nullcontext() if shown else redirect_stderr(_NOWHERE):
        yield
