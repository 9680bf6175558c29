"""Preprocessing: raw samples to inputs, outputs to predictions, with statistics of the train part alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workers.datasets.scaling import measured, moments
from workers.datasets.transforms import Floats, Settings, prepare_array, prepare_table
from workers.errors import TaskError
from workers.tables.cells import number_of
from workers.tasks.protocol import Array, ArrayInputs, Notation, Samples, TableInputs

LARGEST = 1e150
"""Targets may deviate by so much: the squares of larger numbers are infinite."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Settings that turn raw samples into a network's inputs, and its outputs into predictions; JSON values."""

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
    offset, scale = _fit_targets(samples.targets[train]) if samples.kind == "regression" else ((), ())
    inputs = samples.inputs
    if isinstance(inputs, ArrayInputs):
        return Preprocessing("array", _fit_array(inputs, train), offset, scale)
    return Preprocessing("table", _fit_table(inputs, train), offset, scale)


def width(samples: Samples, preprocessing: Preprocessing) -> int:
    """Return how many numbers a prepared sample has."""
    if isinstance(samples.inputs, ArrayInputs):
        return int(np.prod(samples.inputs.values.shape[1:]))
    columns = preprocessing.inputs["columns"]
    return sum(len(c["categories"]) + 1 if c["kind"] == "category" else 1 + c["indicator"] for c in columns)


def _fit_targets(targets: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measure mean and deviation, of outlying targets too: it is the squared error that is to become small."""
    found = moments(targets)
    farthest = float(np.abs(targets).max())
    if max(farthest, *found.scale) > LARGEST:
        raise TaskError(f"the targets reach {farthest:g}: their squared errors are infinite; divide them first")
    return found.offset, found.scale


def _fit_array(inputs: ArrayInputs, train: NDArray[np.int64]) -> Settings:
    fixed = {"layout": inputs.layout, "divisor": inputs.divisor}
    if not inputs.standardise:
        return {**fixed, "mean": [], "scale": [], "clip": []}
    raw: dict[str, Any] = {"layout": inputs.layout, "divisor": 1.0, "mean": [], "scale": [], "clip": []}
    shape = prepare_array(inputs.values[:1], raw).shape
    feature = 1 if len(shape) == 4 else len(shape) - 1  # a figure for each channel, else for each last feature
    step = max(1, (1 << 20) // max(1, int(np.prod(shape))))

    def parts() -> Iterator[Array]:
        for begin in range(0, len(train), step):
            part = inputs.values[train[begin : begin + step]]
            axis = {"NHW": part.ndim, "NHWC": part.ndim - 1}.get(inputs.layout, feature)
            part = part[..., None] if axis == part.ndim else np.moveaxis(part, axis, -1)
            yield part.reshape(-1, part.shape[-1]).astype(np.float64) / inputs.divisor

    images = len(shape) == 4
    found = measured(parts, robust=() if images else None)
    return {**fixed, "mean": list(found.offset), "scale": list(found.scale), "clip": list(found.clip)}


def _fit_table(inputs: TableInputs, train: NDArray[np.int64]) -> Settings:
    columns = []
    rows = train.tolist()
    for name, cells in inputs.columns.items():
        seen = [str(cells[row]).strip() for row in rows]
        if name in inputs.categorical:
            columns.append(_fit_categories(name, seen, inputs))
        else:
            columns.append(_fit_numbers(name, seen, inputs.notations.get(name, {}), inputs))
    return {"columns": columns, "missing": list(inputs.missing), "reading": dict(inputs.reading)}


def _fit_categories(name: str, cells: Sequence[str], inputs: TableInputs) -> dict[str, Any]:
    """List the most frequent categories, in the order of the alphabet; the empty text is a missing cell."""
    counts: Counter[str] = Counter()
    for cell, count in Counter(cells).items():
        counts["" if cell.lower() in inputs.missing else cell] += count
    frequent = sorted(counts, key=lambda category: (-counts[category], category))[: inputs.max_categories]
    return {"name": name, "kind": "category", "categories": sorted(frequent)}


def _fit_numbers(name: str, cells: Sequence[str], notation: Notation, inputs: TableInputs) -> dict[str, Any]:
    read = {cell: number_of(cell, notation) for cell in set(cells) if cell.lower() not in inputs.missing}
    numbers = np.array([read[cell] for cell in cells if cell in read], np.float64)
    gaps = len(cells) - len(numbers)
    median = float(2 * np.median(numbers / 2)) if len(numbers) else 0.0  # the sum of two may be infinite
    filled = np.append(numbers, [median] * gaps)[:, None]
    found = measured(lambda: iter([filled]))
    figures = {"median": median, "mean": found.offset[0], "scale": found.scale[0], "clip": found.clip[0]}
    return {"name": name, "kind": "number", "notation": dict(notation), **figures, "indicator": gaps > 0}
