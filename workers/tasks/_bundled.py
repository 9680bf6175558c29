"""Sample files that ship with this package: four small data sets; `_samples/SOURCES.md` names sources and licences."""

from pathlib import Path

import numpy as np

from workers.errors import TaskError
from workers.tasks.protocol import Array

_FOLDER = Path(__file__).parent / "_samples"


def read_bundled(name: str) -> tuple[Array, Array]:
    """Return the inputs (samples, columns) of a file and its targets (samples,), which are its last column."""
    try:
        rows = np.loadtxt(_FOLDER / f"{name}.csv.gz", delimiter=",", skiprows=1)  # the first line names the columns
    except (OSError, ValueError) as error:
        raise TaskError(f"cannot read the data set {name!r} of this installation: {error}") from error
    return rows[:, :-1], rows[:, -1]
