"""Task protocol: read raw samples; and the types of raw samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from workers.messages import Column
from workers.metric_names import Kind

Array = NDArray[Any]
Cell = str | float
Columns = Mapping[str, Sequence[Cell]]
"""A table: the cells of each column, by its name; an empty text is a missing value."""
MISSING = ("", "?", "na", "n/a", "nan", "null", "-nan", "#n/a", "#na", "<na>", "nat")
"""What stands for a missing cell, in any case."""
Notation = Mapping[str, Any]
"""How the numbers of a column are written, for `workers.tables.cells.number_of`; empty: as programs write them."""
Label = bool | int | float | str | bytes
"""A class as the target has it."""
Layout = Literal["plain", "NHW", "NHWC"]
"""How the axes of raw inputs are ordered; images become (samples, channels, height, width)."""
KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
"""The kinds of task by what a setting calls them."""


@dataclass(frozen=True, slots=True)
class ArrayInputs:
    """Numbers in an array, the first axis being the samples: how they become what a network takes."""

    values: Array
    layout: Layout = "plain"
    divisor: float = 1.0
    """A fixed number that everything is divided by, e.g. 255."""
    standardise: bool = True
    """Whether each feature or channel gets mean 0 and deviation 1, as measured on the training samples."""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class TableInputs:
    """Columns of numbers and categories, with missing values."""

    columns: Columns
    categorical: frozenset[str]
    """The names of the columns that hold categories; the others hold numbers."""
    max_categories: int = 64
    """How many categories of a column are told apart; rarer ones count as unknown."""
    notations: Mapping[str, Notation] = field(default_factory=dict)
    """The notation of those columns of numbers that have one of their own."""
    missing: tuple[str, ...] = MISSING
    """What stands for a missing cell, in small letters."""
    reading: Mapping[str, Any] = field(default_factory=dict)
    """How the file they came from was read, for `workers.tables.reader.read_table`, to read more of the kind."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything a task holds, as it was read: nothing scaled, nothing split unless it came split."""

    kind: Kind
    inputs: ArrayInputs | TableInputs
    targets: Array
    """Class numbers (samples,), or numbers to predict (samples, outputs)."""
    classes: tuple[str, ...] = ()
    validation: NDArray[np.int64] | None = None
    """Indices of the samples that came as validation samples; None lets the split draw them."""
    test: NDArray[np.int64] | None = None
    """Indices of the samples that came as test samples; None lets the split draw them."""
    columns: tuple[Column, ...] = ()
    """What each column or array was taken for; what is known only once it is prepared is filled in later."""
    target: str = ""
    """What the target was taken for, and how that was told."""
    warnings: tuple[str, ...] = ()
    """What the user should look at."""
    labels: tuple[Label, ...] = ()
    """The classes as the target has them, in the order of `classes`, for exports to answer in; empty if as text."""
    target_axes: Literal[1, 2] = 1
    """How many axes the numbers to predict came with, where there is one a sample: (samples,) or (samples, 1)."""


class Task(Protocol):
    """A source of samples; its fields are its settings."""

    def samples(self) -> Samples:
        """Read the samples; raise `TaskError` if they cannot be used."""
        ...
