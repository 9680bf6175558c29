"""The exception tree: everything this project raises on purpose is a `NasError`.

NasError
├── SpecError          a document (study file, search space) is wrong; lists every mistake at once
├── UnknownName        a name that is in no menu; carries the nearest match
├── BuildError         an architecture that cannot become a network (that candidate only)
├── workers.errors     TaskError, CheckpointError, ExportError
└── nas.errors         StudyNotFound, StudyExists, StudyBusy, LeaseLost, StorageError, FolderUnusable, SchemaError,
                       NoUsableTrial, WorkersUnusable, DashboardUnusable, VariableError
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class NasError(Exception):
    """The root: one clear sentence for the user, never a traceback."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a document: where it is, what is wrong, what would be right."""

    path: str
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""
    source: str = ""
    """The document, where it is not the one that the error is about: a space's own file, a `--set`."""

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        path = f"{self.path}: " if self.path else ""
        return f"{where}{path}{self.message}{hint}"


class SpecError(NasError):
    """A document is wrong; `problems` lists every mistake, in the order of the document."""

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__("\n".join(self._told(problem) for problem in self.problems))

    def _told(self, problem: Problem) -> str:
        source = problem.source or self.source
        gap = "" if problem.line else " "
        return f"{source}:{gap}{problem}" if source else str(problem)


class UnknownName(NasError):
    """A name that is not on the menu it was looked up in."""

    def __init__(self, what: str, given: object, allowed: Iterable[str]) -> None:
        self.given, self.allowed = given, tuple(sorted(allowed))
        super().__init__(f"unknown {what} {given!r}{nearest(str(given), self.allowed)}")


class BuildError(NasError):
    """An architecture that cannot become a network, and why."""


def nearest(given: str, allowed: Sequence[str]) -> str:
    """Return what the user probably meant, as the tail of an error message."""
    close = get_close_matches(given, allowed, n=1, cutoff=0.6)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (one of: {', '.join(allowed)})" if allowed else ""
