"""SIGINT and SIGTERM: the first asks the study to drain, the second ends it at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Interruption:
    """Whether the user wants to stop, and by which signal."""

    say: Callable[[], None]
    """Tells the user, at the first signal, what happens now."""
    signal: int = 0

    def __call__(self) -> bool:
        """Tell whether the study shall drain."""
        return self.signal != 0

    @property
    def code(self) -> int:
        """The exit code of a process that this signal ended."""
        return 128 + self.signal

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if self.signal:
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)  # a third one ends even what hangs while it is closed
            raise SystemExit(128 + number)
        self.signal = number
        # A thread: what the signal interrupts may be in the middle of a write to the same stream.
        Thread(target=self.say, daemon=True).start()


@contextmanager
def heard(say: Callable[[], None]) -> Iterator[Interruption]:
    """Listen to both signals, and put back what listened before."""
    interruption = Interruption(say)
    before = {number: signal.signal(number, interruption.receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
