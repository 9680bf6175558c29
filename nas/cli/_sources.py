"""Mistakes that show only when a study meets its task are told with the file they are in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_spaces.errors import SpecError


@contextmanager
def about(file: Path) -> Iterator[None]:
    """Name the file in every SpecError that names none."""
    try:
        yield
    except SpecError as error:
        if error.source:
            raise
        raise SpecError(error.problems, str(file)) from error
