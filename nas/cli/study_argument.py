"""The study argument of a command: a file, or `-` for standard input; errors are reported with its name."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nas.study_file.source_map import Written

STANDARD_INPUT = "-"


def study_in(file: Path, overrides: Sequence[str]) -> "Written":
    """Read a study file, or standard input, where paths start at the working folder.

    Raises:
        SpecError: the study or an override is wrong; lists every mistake.
    """
    from nas.study_file.load import from_file, from_text

    if str(file) != STANDARD_INPUT:
        return from_file(file, overrides=overrides)
    return from_text(sys.stdin.buffer.read(), overrides=overrides, source="standard input")
