"""Plug-in guard: a plug-in that fails is disabled, named in one sentence, and not called again.

What is in the middle of an event goes on to its end, and the search drains as if its user had stopped it, so that
nothing is lost; then the mistake is told.
"""

from collections.abc import Callable
from typing import TypeVar

from search_spaces.errors import NasError, Problem, SpecError
from search_spaces.registry import Menu

R = TypeVar("R")
_LONGEST = 200
"""Characters kept of what it raised or gave."""


class ProtocolViolation(Exception):
    """Raised where a plug-in's answer is not what its protocol asks for; its text says what it gave."""


class PlugIn:
    """One entry of a menu at work; `trouble` is why it was set aside."""

    def __init__(self, menu: Menu, name: str, *, may_raise: tuple[type[BaseException], ...] = ()) -> None:
        """Blame an entry of a menu; what it may raise by its protocol is no failure."""
        self._passed: tuple[type[BaseException], ...] = (*may_raise, KeyboardInterrupt, GeneratorExit, MemoryError)
        self.trouble: NasError | None = None
        self._path, self._whose = f"{menu.noun}.{name}", menu.whose(name)

    def made(self, make: Callable[[], R]) -> R:
        """Return what is made; raise NasError at once where that fails: nothing has begun yet."""
        made = self.called("making it", make, None)
        if made is None:
            raise self.trouble or self._wrong("making it gave None")
        return made

    def called(self, method: str, call: Callable[[], R], otherwise: R) -> R:
        """Return what a call gives; something else where it fails, or where one has failed before."""
        if self.trouble is not None:
            return otherwise
        try:
            return call()
        except self._passed:
            raise
        except NasError as error:
            self.trouble = error
        except ProtocolViolation as error:
            self.trouble = self._wrong(str(error), error)
        except BaseException as error:
            self.trouble = self._wrong(f"{method} raised {type(error).__name__}: {cut(str(error))}", error)
        return otherwise

    def _wrong(self, what: str, cause: BaseException | None = None) -> SpecError:
        error = SpecError([Problem(self._path, f"{self._whose} cannot be used: {what}")])
        error.__cause__ = cause
        return error


def plain(value: object) -> object:
    """Return a number of NumPy's as the number that it holds; anything else as it is."""
    item = getattr(value, "item", None)
    return item() if item is not None and getattr(value, "shape", None) == () else value


def shown(value: object) -> str:
    """Write what a plug-in gave, shortly."""
    return cut(repr(value))


def cut(text: str) -> str:
    """Return as much of a text as a sentence has room for, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
