"""From raw samples to the float32 arrays that a network takes, by measured settings. An exported network carries this.

Plain numpy on its own: what is wrong with samples is a `ValueError` that says what and where.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.tables.cells import number_of

Floats = NDArray[np.float32]
Settings = Mapping[str, Any]
"""JSON values that say how to prepare: what `prepare_array` or `prepare_table` takes beside the samples."""


def prepare_array(values: Any, settings: Settings) -> Floats:
    """Bring images into (samples, channels, height, width) and scale, in double precision where that is more."""
    array: Any = np.asarray(values)
    if settings["layout"] == "NHW":
        array = array[:, None]
    elif settings["layout"] == "NHWC":
        array = array.transpose(0, 3, 1, 2)
    number = np.float32 if array.dtype.itemsize <= 2 else np.float64
    figures: list[Any] = [np.asarray(settings[key], number) for key in ("mean", "scale", "clip")]
    if array.ndim == 4:  # one figure for each channel
        figures = [figure[..., None, None] for figure in figures]
    mean, scale, clip = figures
    prepared = np.empty(array.shape, np.float32)
    step = max(1, (1 << 18) // max(1, array[:1].size))  # samples that fit into a cache
    for begin in range(0, len(array), step):
        part = array[begin : begin + step].astype(number) / number(settings["divisor"])
        if settings["mean"]:
            part = (part - mean) / scale
        if any(settings["clip"]):
            part = bent(part, clip)
        prepared[begin : begin + step] = part
    return prepared


def prepare_table(columns: Mapping[str, Sequence[Any]], settings: Settings) -> Floats:
    """Scale the columns of numbers, write categories as one column each, and tell where a cell was missing."""
    cells = {}
    for column in settings["columns"]:
        if column["name"] not in columns:
            raise ValueError(f"no column {column['name']!r} (there are: {', '.join(map(str, columns))})")
        cells[column["name"]] = list(columns[column["name"]])
    counts = {len(given) for given in cells.values()}
    if len(counts) > 1:
        raise ValueError(f"the columns are of different lengths, {min(counts)} to {max(counts)} cells")
    widths = [len(c["categories"]) + 1 if c["kind"] == "category" else 1 + c["indicator"] for c in settings["columns"]]
    prepared = np.zeros((max(counts, default=0), sum(widths)), np.float32)
    ends = np.cumsum(widths).tolist()
    for column, width, end in zip(settings["columns"], widths, ends, strict=True):
        part = prepared[:, end - width : end]
        given = cells[column["name"]]
        gaps = {cell for cell in set(given) if is_gap(cell, settings["missing"])}
        if column["kind"] == "number":
            prepare_numbers(part, given, gaps, column)
        else:  # one-hot; the slot after the last category is for those never seen in training
            slots = {cell: slot_of(cell, cell in gaps, column["categories"]) for cell in set(given)}
            part[np.arange(len(given)), [slots[cell] for cell in given]] = 1
    return prepared


def prepare_numbers(part: Floats, cells: list[Any], gaps: set[Any], column: Settings) -> None:
    """Write scaled numbers, the median where a cell is missing, and in a column beside them where that was."""
    numbers = {cell: number_of(cell, column["notation"]) for cell in set(cells) - gaps}
    wrong = next((cell for cell in cells if cell not in gaps and numbers[cell] is None), None)
    if wrong is not None:
        raise ValueError(f"column {column['name']!r} holds numbers, got {wrong!r} in row {cells.index(wrong) + 1}")
    numbers.update(dict.fromkeys(gaps, column["median"]))
    scaled = (np.array([numbers[cell] for cell in cells], np.float64) - column["mean"]) / column["scale"]
    part[:, 0] = bent(scaled, column["clip"])
    if column["indicator"]:
        part[:, 1] = [cell in gaps for cell in cells]


def bent(values: Any, clip: Any) -> Any:
    """Clip values smoothly to ±clip where that is not 0: small ones stay as they are, and none is beyond."""
    limit = np.where(np.asarray(clip) > 0, clip, np.inf)
    return values / np.hypot(1, values / limit)


def is_gap(cell: Any, missing: Sequence[str]) -> bool:
    """Return whether a cell is missing: None and NaN too, as data frames have them."""
    if isinstance(cell, str):
        return cell.strip().lower() in missing
    return cell is None or str(cell).lower() in missing


def slot_of(cell: Any, gap: bool, categories: Sequence[str]) -> int:
    """Return the place of a category; numbers and truth values of a data frame are those that are written so."""
    if gap:
        texts = ["", "None"]  # where a data frame takes the text None for a missing cell
    elif isinstance(cell, str):
        texts = [cell.strip()]
    else:
        number = number_of(cell, {})
        equal = [text for text in categories if number is not None and number_of(text, {}) == number]
        texts = [str(cell), *equal] if str(cell) not in ("True", "False") else [str(cell), str(cell).lower()]
    return next((categories.index(text) for text in texts if text in categories), len(categories))
