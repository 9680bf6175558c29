"""Reads the data files that scikit-learn ships, without importing scikit-learn: that costs a second and a half."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from workers.errors import TaskError
from workers.tasks.protocol import Array


def read_bundled(name: str, *, skip: int = 0, delimiter: str | None = ",") -> Array:
    """Return the numbers of a file in `sklearn/datasets/data`, leaving out `skip` lines at its head."""
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise TaskError("scikit-learn, whose data set this task is, is not installed")
    path = Path(spec.submodule_search_locations[0], "datasets", "data", name)
    try:
        return np.loadtxt(path, delimiter=delimiter, skiprows=skip)
    except (OSError, ValueError) as error:
        raise TaskError(f"cannot read the data set that scikit-learn ships: {error}") from error
