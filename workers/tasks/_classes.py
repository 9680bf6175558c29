"""Classes of an array of labels: their numbers, and their names."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from search_spaces.plain_text import shaped
from workers.errors import TaskError
from workers.tasks.protocol import Array


def coded(path: str, y: Array, parts: Mapping[str, NDArray[np.int64]], setting: str) -> tuple[Array, NDArray[np.int64]]:
    """Return the different labels, in order, and the number of each sample's; each must be among those to learn from.

    `parts` are the samples of each part of the file by its name, those to learn from under an empty one; `setting` says
    that these are classes, empty where they look so by themselves.
    """
    if y.size != len(y) or y.dtype.kind not in "biuUf":
        told = f"{path}: y needs one class a sample, as a number or text, got {y.dtype} {shaped(y.shape)}"
        raise TaskError(told, setting)
    y = y.reshape(-1)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y)))
        raise TaskError(f"{path}: y has the label {_written(y[row])} in sample {row} (counted from 0)")
    values, codes = np.unique(y, return_inverse=True)
    codes = codes.astype(np.int64)
    if len(values) < 2:
        raise TaskError(f"{path}: y has one class alone, {_written(values[0])}: nothing to learn")
    learned = set(codes[parts[""]].tolist())
    for part, rows in parts.items():
        for row, code in enumerate(codes[rows].tolist()):
            if code not in learned:
                told = f"class {_written(values[code])} stands only in y_{part}, sample {row} (counted from 0)"
                raise TaskError(f"{path}: {told}, so none can learn it")
    return values, codes


def class_names(path: str, values: Array, names: Array | None) -> tuple[str, ...]:
    """Name the classes: by the array `classes` where labels count them from 0, else as they are written."""
    if names is None or values.dtype.kind in "Ub":
        return tuple(_written(value) for value in values)
    if names.ndim != 1 or names.dtype.kind not in "USiub":
        raise TaskError(f"{path}: classes needs one name a class, got {names.dtype} {shaped(names.shape)}")
    written = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names.tolist()]
    for value in values.tolist():
        if value % 1 or not 0 <= value < len(written):
            told = "1 name" if len(written) == 1 else f"{len(written)} names"
            raise TaskError(f"{path}: y has class {_written(value)}, but classes has {told}, counted from 0")
    chosen = tuple(written[int(value)] for value in values.tolist())
    if len(set(chosen)) < len(chosen):
        twice = next(name for name in chosen if chosen.count(name) > 1)
        raise TaskError(f"{path}: classes has the name {twice!r} more than once")
    return chosen


def _written(value: object) -> str:
    """Write a label: a float that is whole as a whole number, NaN as such."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return "NaN" if value != value else str(value)
