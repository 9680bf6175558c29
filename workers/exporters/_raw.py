"""Raw samples in whatever form a caller has them, as what preparing takes: source that exports carry as it is.

Numpy alone, and on its own: a frame is known by its methods, so that no library of frames is needed.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

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
        raise ValueError(f"samples have the shape {('n', *shape)} with n of at least 1, got {array.shape}")
    if array.dtype.kind == "f":
        broken = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
        if len(broken):
            raise ValueError(f"sample {broken[0]}, counted from 0, holds NaN or infinity")
        if settings["divisor"] > 1 and 0 < array.max() <= 1:
            warnings.warn(f"these samples end at {array.max():g}: were they divided already?", stacklevel=3)
    return array


def columns_of(samples: Any, settings: Settings) -> dict[str, list[str]]:
    """Return the cells of each column as text: of a data frame, of columns or a row by name, or of rows."""
    columns = settings["columns"]
    found = named_columns(samples, [column["name"] for column in columns])
    return {column["name"]: texts_of(found[column["name"]], column, settings["missing"]) for column in columns}


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


def texts_of(cells: Sequence[Any], column: Settings, missing: Sequence[str]) -> list[str]:
    """Write cells as the table that was learned from has them; warn where most are categories it did not have."""
    if column["kind"] != "category":
        return [str(int(cell)) if isinstance(cell, (bool, np.bool_)) else text_of(cell) for cell in cells]
    known = set(column["categories"])
    alike = {spelling(category): category for category in reversed(column["categories"])}
    texts = []
    for cell in cells:
        text = text_of(cell)
        texts.append(text if isinstance(cell, str) or text in known else alike.get(spelling(text), text))
    filled = [text for text in texts if text.lower() not in missing]
    unknown = [text for text in filled if text not in known]
    if 2 * len(unknown) > len(filled):
        told = f"{len(unknown)} of {len(filled)} cells are categories that training did not have"
        warnings.warn(f"column {column['name']!r}: {told}, such as {unknown[0]!r}", stacklevel=2)
    return texts


def text_of(cell: Any) -> str:
    """Write a cell as a file has it: nothing where it is missing, 4 for 4.0, which frames make of it beside a gap."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return "" if str(cell) in ("None", "nan", "NaT", "<NA>") else str(cell)


def spelling(text: str) -> str:
    """Return what 4, 4.0 and 4e0 have in common, and True and true."""
    try:
        return repr(float(text))
    except ValueError:
        return text.casefold() if text.casefold() in ("true", "false") else text
