"""Checked pruner: validate a pruner's answers; one that fails is disabled, and the search stops with an error."""

from collections.abc import Callable, Collection

from nas.plug_ins import PlugIn, ProtocolViolation, plain, shown
from nas.pruners import PRUNERS, Pruner
from search_spaces.errors import NasError


class CheckedPruner:
    """Asks another pruner, which may come from another distribution, and looks at each answer."""

    def __init__(self, name: str, make: Callable[[], Pruner]) -> None:
        """Make the pruner; raise NasError where it cannot be made."""
        self._plug_in = PlugIn(PRUNERS, name)
        self._pruner = self._plug_in.made(make)

    @property
    def trouble(self) -> NasError | None:
        """Return why it was set aside, None while it is not."""
        return self._plug_in.trouble

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a trial's value after an epoch and return whether to stop it there."""
        return self._plug_in.called("report", lambda: _answer(self._pruner.report(number, epoch, value)), False)

    def finish(self, number: int, *, complete: bool) -> None:
        """Report that a trial has ended."""
        self._plug_in.called("finish", lambda: self._pruner.finish(number, complete=complete), None)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Return which epochs of a finished trial still count."""
        nothing: Collection[int] = ()
        return self._plug_in.called(
            "remembered", lambda: _epochs(self._pruner.remembered(epochs, complete=complete)), nothing
        )


def _answer(given: object) -> bool:
    answer = plain(given)
    if not isinstance(answer, bool):
        raise ProtocolViolation(f"asked whether to stop a trial it gave {shown(given)}")
    return answer


def _epochs(given: object) -> Collection[int]:
    if not isinstance(given, Collection) or not all(isinstance(plain(epoch), int) for epoch in given):
        raise ProtocolViolation(f"asked for the epochs that it remembers it gave {shown(given)}")
    return given
