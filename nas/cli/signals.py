"""SIGINT, SIGTERM and SIGHUP: the first asks the study to drain; another SIGINT or SIGTERM ends it at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedAtOnce(KeyboardInterrupt):
    """A second signal; `KeyboardInterrupt` is what no trial's own error can be taken for."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@dataclass(slots=True)
class Interruption:
    """A stop request of the user: whether there is one, and by which signal."""

    say: Callable[[], None]
    """Tells the user, at the first signal, what happens now."""
    signal: int = 0

    def __call__(self) -> bool:
        """Return whether the study shall drain."""
        return self.signal != 0

    @property
    def code(self) -> int:
        """The exit code of a process that this signal ended."""
        return 128 + self.signal

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if self.signal and number == signal.SIGHUP:
            return  # the shell and the kernel both say that a terminal was closed
        if self.signal:
            for each in handled_signals():
                signal.signal(each, signal.SIG_DFL)  # a third one ends even what hangs while it is closed
            raise EndedAtOnce(128 + number)
        self.signal = number
        if number != signal.SIGHUP:  # the terminal is gone
            # A thread: what the signal interrupts may be in the middle of a write to the same stream.
            Thread(target=self.say, daemon=True).start()


@contextmanager
def handling_signals(say: Callable[[], None]) -> Iterator[Interruption]:
    """Listen to the signals, and put back what listened before; exit at once at a second one."""
    interruption = Interruption(say)
    before = {number: signal.signal(number, interruption.receive) for number in handled_signals()}
    try:
        yield interruption
    except EndedAtOnce as ended:
        raise SystemExit(ended.code) from None
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def handled_signals() -> list[signal.Signals]:
    """Return the signals that are not to be ignored, as `nohup` and scripts want of what they start."""
    return [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
