"""Raw samples in whatever form a caller has them, as what preparing takes: source that exports carry as it is.

Plain numpy, beside `workers.datasets.transforms`: a frame is known by its methods, so no library of frames is needed.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from workers.datasets.transforms import is_gap, slot_of

Settings = Mapping[str, Any]


def array_of(samples: Any, shape: tuple[int, ...], settings: Settings) -> np.ndarray:
    """Return samples as one array (samples, *shape): of an array, lists, a frame of numbers, or one sample alone."""
    if hasattr(samples, "to_pydict"):  # Arrow
        samples = np.stack([np.asarray(column) for column in samples.to_pydict().values()], axis=1)
    elif hasattr(samples, "to_numpy"):  # pandas, polars
        samples = samples.to_numpy()
    array = np.asarray(samples)
    if array.dtype == object:
        array = array.astype(np.float64)
    if array.shape == shape:
        array = array[None]
    if array.dtype.kind not in "biuf":
        raise TypeError(f"samples hold numbers, got {array.dtype}")
    if array.ndim == 0 or array.shape[1:] != shape or len(array) == 0:
        wanted, got = ("×".join(map(str, sizes)) for sizes in (("n", *shape), array.shape))
        raise ValueError(f"samples have the shape {wanted} with n of at least 1, got {got or 'a single number'}")
    if array.dtype.kind == "f":
        broken = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
        if len(broken):
            raise ValueError(f"sample {broken[0]}, counted from 0, holds NaN or infinity")
        if settings["divisor"] > 1 and 0 < array.max() <= 1:
            warnings.warn(f"these samples end at {array.max():g}: were they divided already?", stacklevel=3)
    return array


def table_of(samples: Any, settings: Settings) -> dict[str, list[Any]]:
    """Return the cells of each column: of a data frame, of columns or a row by name, or of rows."""
    columns = settings["columns"]
    table = named_columns(samples, [column["name"] for column in columns])
    for column in columns:
        table[column["name"]] = cells = [plain_cell(cell) for cell in table[column["name"]]]
        if column["kind"] == "category":
            warn_of_unknown(column, [cell for cell in cells if not is_gap(cell, settings["missing"])])
    return table


def named_columns(samples: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return the cells of each column: of pandas, polars, Arrow, a mapping, or rows, which may be mappings too."""
    if hasattr(samples, "to_pydict"):  # Arrow
        samples = samples.to_pydict()
    elif hasattr(samples, "to_dict") and not hasattr(samples, "columns"):  # a row of pandas
        samples = samples.to_dict()
    elif not isinstance(samples, Mapping) and not hasattr(samples, "columns"):
        samples = columns_of_rows(samples, names)
    given = {str(name): name for name in (samples.columns if hasattr(samples, "columns") else samples)}
    lost = [name for name in names if name not in given]
    if lost:
        raise ValueError(f"the samples lack the columns {', '.join(lost)}; they have {', '.join(given) or 'none'}")
    cells = {name: samples[given[name]] for name in names}
    axes = {np.ndim(cell) for cell in cells.values()}
    if axes == {0}:  # one row
        return {name: [cell] for name, cell in cells.items()}
    if axes != {1}:
        raise ValueError("columns hold a list of cells each, or one cell each, by the column's name")
    columns = {name: list(column) for name, column in cells.items()}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1 or 0 in lengths:
        told = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
        raise ValueError(f"all columns need as many cells, at least one; got {told}")
    return columns


def columns_of_rows(rows: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return the cells of each column of rows: mappings, where what one lacks is missing, or cells in order."""
    if isinstance(rows, np.ndarray) and rows.dtype.names:
        return {name: rows[name].tolist() for name in rows.dtype.names}
    if isinstance(rows, (str, bytes)) or not isinstance(rows, Iterable):
        raise TypeError(f"samples are a data frame, columns by name, or rows, got {type(rows).__name__} {rows!r:.80}")
    rows = list(rows)
    if all(isinstance(row, Mapping) for row in rows):
        return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    if any(np.ndim(row) != 1 or len(row) != len(names) for row in rows):
        raise ValueError(f"a row has {len(names)} cells, in this order: {', '.join(names)}")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def plain_cell(cell: Any) -> Any:
    """Return None for what frames have in place of a missing cell, and a float for an exact decimal number."""
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    return float(cell) if type(cell).__name__ == "Decimal" else cell


def warn_of_unknown(column: Settings, cells: Sequence[Any]) -> None:
    """Warn where most cells of a column are categories that training did not have: they all look the same."""
    known = column["categories"]
    strange = {cell for cell in set(cells) if slot_of(cell, False, known) == len(known)}
    unknown = [cell for cell in cells if cell in strange]
    if 2 * len(unknown) > len(cells):
        told = f"{len(unknown)} of {len(cells)} cells are categories that training did not have"
        warnings.warn(f"column {column['name']!r}: {told}, such as {unknown[0]!r}", stacklevel=4)
