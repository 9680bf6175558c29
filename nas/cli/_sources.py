"""The study that a command is given: a file, or `-` for standard input; mistakes are told with its name."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nas.config import StudyConfig
from search_spaces.errors import SpecError

STANDARD_INPUT = "-"


def study_in(file: Path, overrides: Sequence[str]) -> StudyConfig:
    """Read a study file, or standard input, where paths start at the working folder.

    Raises:
        SpecError: the study or an override is wrong; lists every mistake.
    """
    from nas.study_file import load, loads

    if str(file) != STANDARD_INPUT:
        return load(file, overrides=overrides)
    return loads(sys.stdin.buffer.read(), overrides=overrides, source=_called(file))


@contextmanager
def about(file: Path) -> Iterator[None]:
    """Name the file in every SpecError that names none: mistakes that show only when a study meets its task."""
    try:
        yield
    except SpecError as error:
        if error.source:
            raise
        raise SpecError(error.problems, _called(file)) from error


def _called(file: Path) -> str:
    return "standard input" if str(file) == STANDARD_INPUT else str(file)
