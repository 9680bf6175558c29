"""The labels of a target: its classes as values of the type they came in, which an export answers in."""

import re
from collections.abc import Sequence

import numpy as np

from workers.errors import TaskError
from workers.tasks.protocol import Array, Label

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(rf"{_INTEGER.pattern}(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def labels_of(y: Array, classes: Sequence[str]) -> tuple[Label, ...]:
    """Return the different values of an array of labels, one for each class, in their order."""
    values = np.unique(y)
    return tuple(values.tolist()) if len(values) == len(classes) else labels_in(classes)


def labels_in(classes: Sequence[str]) -> tuple[Label, ...]:
    """Return what a reader of tables makes of these cells: whole numbers, numbers, truth values, or the text itself."""
    if {name.casefold() for name in classes} == {"true", "false"}:
        return tuple(name.casefold() == "true" for name in classes)
    if all(_INTEGER.fullmatch(name) for name in classes):
        return tuple(int(name) for name in classes)
    numbers = tuple(float(name) for name in classes if _NUMBER.fullmatch(name))
    if len(set(numbers)) == len(classes):
        return numbers
    return tuple(classes)  # also 1E2 beside 100: one number, but two classes


def decoded(path: str, y: Array) -> Array:
    """Return labels that are bytes as text; raise `TaskError` where they are not UTF-8."""
    try:
        return np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        label = bytes(error.object).decode("utf-8", "replace")
        raise TaskError(f"{path}: the labels of y are bytes that are not UTF-8, such as {label!r}") from error
