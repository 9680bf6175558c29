"""Description of a data set for the controller, the record and the user: its contents, and what was done to them."""

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.plain_text import shaped
from workers.datasets.preprocessing import Preprocessing
from workers.datasets.splits import Parts
from workers.datasets.transforms import Settings
from workers.losses import choose_loss
from workers.messages import SEVERAL, Column, TaskInfo, TaskSpec
from workers.metric_names import METRICS
from workers.tasks.protocol import Samples, TableInputs

PREPARATION = 2
"""Counts the ways in which samples were prepared so far: weights that were trained on one do not fit another."""
RARE = f"used, but more than {SEVERAL:.0%} of the training samples have a rarer category, which counts as unknown"
"""The warning of a column with many such samples."""
FAR = 20.0
"""Targets so many deviations from their mean are worth a warning."""


def describe(
    spec: TaskSpec, samples: Samples, parts: Parts, preprocessing: Preprocessing, shape: tuple[int, ...]
) -> TaskInfo:
    """Describe prepared samples."""
    columns = _columns(samples, parts, preprocessing, shape)
    info = TaskInfo(
        name=spec.task.name,
        kind=samples.kind,
        inputs=shape,
        outputs=len(samples.classes) or samples.targets.shape[1],
        samples=(len(parts.train), len(parts.validation), len(parts.test)),
        metrics=METRICS[samples.kind],
        loss=choose_loss(spec.loss, samples.kind),
        sha256=_hash(samples, parts),
        classes=samples.classes,
        target_scale=preprocessing.target_scale,
        columns=columns,
        target=samples.target,
        class_counts=_counts(samples),
        duplicates=_duplicates(samples, parts),
    )
    return replace(info, warnings=tuple(_warnings(info, samples, preprocessing)))


def _counts(samples: Samples) -> tuple[int, ...]:
    if samples.kind == "regression":
        return ()
    return tuple(np.bincount(samples.targets.astype(np.int64), minlength=len(samples.classes)).tolist())


def _columns(
    samples: Samples, parts: Parts, preprocessing: Preprocessing, shape: tuple[int, ...]
) -> tuple[Column, ...]:
    settings = preprocessing.inputs
    if isinstance(samples.inputs, TableInputs):
        fitted = {column["name"]: column for column in settings["columns"]}
        train = parts.train.tolist()
        return tuple(
            _of_table(column, samples.inputs, fitted[column.name], train) if column.name in fitted else column
            for column in samples.columns
        )
    given = samples.columns or (
        Column("x", "array", f"{samples.inputs.values.dtype} {shaped(samples.inputs.values.shape)}"),
    )
    return tuple(replace(column, scaling=_of_array(settings), inputs=int(np.prod(shape))) for column in given)


def _of_table(column: Column, inputs: TableInputs, fitted: Settings, train: list[int]) -> Column:
    if fitted["kind"] == "number":
        robust = fitted["clip"] and fitted["mean"] == fitted["median"]
        figures = "median and spread" if robust else "mean and deviation"
        scaling = f"{figures}, outliers bent" if fitted["clip"] else figures
        return replace(column, scaling=scaling, inputs=1 + fitted["indicator"])
    cells = inputs.columns[column.name]
    counts: Counter[str] = Counter()
    for cell, count in Counter([str(cells[row]).strip() for row in train]).items():
        counts["" if cell.lower() in inputs.missing else cell] += count
    kept = fitted["categories"]
    unknown = counts.total() - sum(counts[category] for category in kept)
    warning = column.warning or (RARE if unknown > SEVERAL * counts.total() else "")
    found = {"values": len(counts), "kept": len(kept), "unknown": unknown}
    return replace(column, **found, scaling="one input a category", inputs=len(kept) + 1, warning=warning)  # type: ignore[arg-type]


def _of_array(settings: Settings) -> str:
    clipped = sum(clip > 0 for clip in settings["clip"])
    divided = f"divided by {settings['divisor']:g}" if settings["divisor"] != 1 else ""
    if not settings["mean"]:
        return divided or "as they are"
    figures = len(settings["mean"])
    measured = f"mean and deviation of {'1 feature' if figures == 1 else f'each of {figures:,} features or channels'}"
    outlying = f"{clipped:,} of them with outliers, which are bent" if clipped else ""
    return ", ".join(part for part in (divided, measured, outlying) if part)


def _warnings(info: TaskInfo, samples: Samples, preprocessing: Preprocessing) -> Iterator[str]:
    yield from samples.warnings
    yield from filter(None, (info.leak("validation"), info.leak("test")))
    if samples.kind == "regression":
        distance = np.abs(samples.targets - preprocessing.target_offset) / preprocessing.target_scale
        if float(distance.max()) > FAR:
            yield (
                f"a target lies {distance.max():.0f} deviations from the mean: it decides the squared error "
                "(loss: huber heeds such targets less)"
            )


def _duplicates(samples: Samples, parts: Parts) -> tuple[int, int]:
    """Count the validation samples that are training samples too, and the test samples that are one of either.

    They are equal to the last bit, targets included.
    """
    keys = np.fromiter(map(hash, _keys(samples)), np.int64, len(samples.targets))
    trained = (parts.train, np.concatenate([parts.train, parts.validation]))  # in the search, and in the end
    held_back = (parts.validation, parts.test)
    validation, test = (int(np.isin(keys[b], keys[a]).sum()) for a, b in zip(trained, held_back, strict=True))
    return validation, test


def _keys(samples: Samples) -> Iterator[Hashable]:
    targets = samples.targets.reshape(len(samples.targets), -1).tolist()
    if isinstance(samples.inputs, TableInputs):
        return zip(*samples.inputs.columns.values(), map(tuple, targets), strict=True)
    rows = samples.inputs.values
    return ((row.tobytes(), *target) for row, target in zip(rows, targets, strict=True))


def _hash(samples: Samples, parts: Parts) -> str:
    """Hash the samples as read, the names of the classes and the split: neither rounding nor the machine changes it."""
    inputs = samples.inputs
    digest = hashlib.sha256("\x1f".join(samples.classes).encode())
    digest.update(f"\x1d{PREPARATION}".encode())
    arrays: list[NDArray[Any]] = [samples.targets, parts.train, parts.validation, parts.test]
    if isinstance(inputs, TableInputs):
        for name, cells in inputs.columns.items():
            digest.update("\x1f".join([name, *map(str, cells), *_read_otherwise(inputs, name)]).encode() + b"\x1e")
    else:
        arrays.append(inputs.values)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read_otherwise(inputs: TableInputs, name: str) -> Iterator[str]:
    """Name the notation of cells that were taken for categories while `PREPARATION` was what it is."""
    notation = inputs.notations.get(name, {})
    if notation.get("accounting"):
        yield "accounting"
    if isinstance(notation.get("date"), str):
        yield notation["date"]
