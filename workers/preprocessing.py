"""From raw samples to the float32 arrays that a network takes, and back from its outputs: statistics from train alone.

`prepare_array` and `prepare_table` are plain numpy and stand on their own: an exported network carries their source.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workers.tasks.protocol import MISSING, Array, ArrayInputs, Samples, TableInputs

Floats = NDArray[np.float32]
Settings = Mapping[str, Any]
"""JSON values that say how to prepare: what `prepare_array` or `prepare_table` takes beside the samples."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How raw samples become a network's inputs, and its outputs become predictions; JSON values."""

    kind: Literal["array", "table"]
    inputs: Settings
    target_offset: tuple[float, ...] = ()
    target_scale: tuple[float, ...] = ()
    """Regression: prediction = output × scale + offset, for each output; empty in classification."""

    def apply(self, raw: Any) -> Floats:
        """Prepare raw inputs: an array, or columns of cells by name."""
        return prepare_array(raw, self.inputs) if self.kind == "array" else prepare_table(raw, self.inputs)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        targets = {"target_offset": list(self.target_offset), "target_scale": list(self.target_scale)}
        return {"kind": self.kind, "inputs": dict(self.inputs), **targets}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Preprocessing":
        """Undo `to_json`."""
        targets = (tuple(document["target_offset"]), tuple(document["target_scale"]))
        return cls(document["kind"], document["inputs"], *targets)


def fit(samples: Samples, train: NDArray[np.int64]) -> Preprocessing:
    """Measure what preparing needs on the training samples, given by index."""
    offset, scale = _moments(samples.targets[train]) if samples.kind == "regression" else ([], [])
    inputs = samples.inputs
    if isinstance(inputs, ArrayInputs):
        return Preprocessing("array", _fit_array(inputs, train), tuple(offset), tuple(scale))
    return Preprocessing("table", _fit_table(inputs, train), tuple(offset), tuple(scale))


def _fit_array(inputs: ArrayInputs, train: NDArray[np.int64]) -> Settings:
    settings: dict[str, Any] = {"layout": inputs.layout, "divisor": inputs.divisor, "mean": [], "scale": []}
    if not inputs.standardise:
        return settings
    prepared = prepare_array(inputs.values[train], settings)
    features = 1 if prepared.ndim == 4 else prepared.ndim - 1  # a figure for each channel, else for each last feature
    mean, scale = _moments(np.moveaxis(prepared, features, -1).reshape(-1, prepared.shape[features]))
    return {**settings, "mean": mean, "scale": scale}


def _moments(rows: Array) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each column, 1 where it never varies."""
    mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    constant = scale <= 1e-7 * np.abs(mean)  # rounding alone
    return mean.tolist(), np.where(constant, 1.0, scale).tolist()


def _fit_table(inputs: TableInputs, train: NDArray[np.int64]) -> Settings:
    columns = []
    for name, cells in inputs.columns.items():
        seen = [str(cells[row]).strip() for row in train]
        if name in inputs.categorical:
            columns.append(_fit_categories(name, seen, inputs.max_categories))
        else:
            columns.append(_fit_numbers(name, seen))
    return {"columns": columns, "missing": list(MISSING), "delimiter": inputs.delimiter}


def _fit_categories(name: str, cells: Sequence[str], limit: int) -> dict[str, Any]:
    """List the most frequent categories, in the order of the alphabet; the empty text is a missing cell."""
    counts = Counter("" if cell.lower() in MISSING else cell for cell in cells)
    frequent = sorted(counts, key=lambda category: (-counts[category], category))[:limit]
    return {"name": name, "kind": "category", "categories": sorted(frequent)}


def _fit_numbers(name: str, cells: Sequence[str]) -> dict[str, Any]:
    numbers = np.array([float(cell) for cell in cells if cell.lower() not in MISSING])
    median = float(np.median(numbers)) if len(numbers) else 0.0
    gaps = len(cells) - len(numbers)
    ((mean,), (scale,)) = _moments(np.append(numbers, [median] * gaps)[:, None])
    return {"name": name, "kind": "number", "median": median, "mean": mean, "scale": scale, "indicator": gaps > 0}


def prepare_array(values: Any, settings: Settings) -> Floats:
    """Bring images into (samples, channels, height, width) and scale: (values / divisor - mean) / scale."""
    array: Any = np.asarray(values)
    if settings["layout"] == "NHW":
        array = array[:, None]
    elif settings["layout"] == "NHWC":
        array = array.transpose(0, 3, 1, 2)
    array = array.astype(np.float64 if array.itemsize > 4 else np.float32) / np.float32(settings["divisor"])
    if settings["mean"]:
        mean, scale = (np.asarray(settings[key], array.dtype) for key in ("mean", "scale"))
        if array.ndim == 4:  # one figure for each channel
            mean, scale = mean[:, None, None], scale[:, None, None]
        array = (array - mean) / scale
    return np.ascontiguousarray(array, np.float32)


def prepare_table(columns: Mapping[str, Sequence[Any]], settings: Settings) -> Floats:
    """Scale the columns of numbers, write categories as one column each, and tell where a cell was missing."""
    features = []
    for column in settings["columns"]:
        cells = [str(cell).strip() for cell in columns[column["name"]]]
        gaps = {cell for cell in set(cells) if cell.lower() in settings["missing"]}
        if column["kind"] == "number":
            numbers = np.array([column["median"] if cell in gaps else float(cell) for cell in cells])
            features.append((numbers - column["mean"]) / column["scale"])
            if column["indicator"]:
                features.append(np.array([float(cell in gaps) for cell in cells]))
        else:  # one-hot; the slot after the last category is for those never seen in training
            known = {category: slot for slot, category in enumerate(column["categories"])}
            slots = np.array([known.get("" if cell in gaps else cell, len(known)) for cell in cells])
            features.extend(np.eye(len(known) + 1)[slots].T)
    return np.stack(features, axis=1).astype(np.float32)
