"""A task's samples, split, prepared and hashed: what candidates are trained and measured on. Numpy alone, no torch.

Inputs are float32 (samples, *shape). In regression the targets are standardised as measured on train; errors are
brought back to their unit by `TaskInfo.target_scale`, predictions by `Preprocessing.target_scale` and `_offset`.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from search_spaces.hyperparameters import hyperparameters
from workers.constant import constant_scores
from workers.errors import TaskError
from workers.losses import choose_loss
from workers.messages import METRICS, TaskInfo, TaskSpec
from workers.preprocessing import Floats, Preprocessing, fit
from workers.splits import Parts, divide
from workers.tasks import TASKS
from workers.tasks.protocol import Array, ArrayInputs, Label, Samples, TableInputs, Task


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Prepared samples: inputs, and class numbers (samples,) int64 or targets (samples, outputs) float32."""

    inputs: Floats
    targets: Array

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """The three folds of a task and how raw samples became them."""

    info: TaskInfo
    train: Fold
    validation: Fold
    test: Fold
    preprocessing: Preprocessing
    labels: tuple[Label, ...] = ()
    """The classes as the target has them; empty in a regression."""
    target_axes: Literal[1, 2] = 1
    """Regression of one number: whether the targets came as (samples,) or (samples, 1)."""


def load(spec: TaskSpec) -> Dataset:
    """Read, split and prepare a task's samples.

    Raises:
        TaskError: the samples cannot be used.
        UnknownName: no such task or loss.
    """
    return prepare(read(spec), spec)


def prepare(samples: Samples, spec: TaskSpec) -> Dataset:
    """Split and prepare samples that were read; see `load`."""
    parts = divide(samples, spec.split)
    preprocessing = fit(samples, parts.train)
    inputs, targets = _inputs(samples, preprocessing), _targets(samples, preprocessing)
    train, validation, test = (
        Fold(inputs[part], targets[part]) for part in (parts.train, parts.validation, parts.test)
    )
    info = _describe(spec, samples, parts, preprocessing, inputs.shape[1:])
    seen = np.concatenate([train.targets, validation.targets])
    info = replace(info, baseline=constant_scores(info, seen, test.targets))
    labels = samples.labels or samples.classes
    return Dataset(info, train, validation, test, preprocessing, labels, samples.target_axes)


def read(spec: TaskSpec) -> Samples:
    """Read a task's raw samples; raise `TaskError` if they cannot be used."""
    name, settings = spec.task.name, spec.task.settings
    task_class = TASKS.load(name)
    known = {item.name: item for item in hyperparameters(task_class)}
    for key, value in settings.items():
        mistake = known[key].mistake(value) if key in known else f"is unknown (one of: {', '.join(known)})"
        if mistake:
            raise TaskError(f"task {name}: {key} {mistake}")
    task: Task = task_class(**settings)
    samples = task.samples()
    if isinstance(samples.inputs, ArrayInputs):
        _check_finite("inputs", samples.inputs.values)
    _check_finite("targets", samples.targets)
    return samples


def _check_finite(noun: str, array: Array) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0, 0])
        raise TaskError(f"the {noun} hold NaN or infinity, first in sample {row} (counted from 0)")


def _inputs(samples: Samples, preprocessing: Preprocessing) -> Floats:
    inputs = samples.inputs
    with np.errstate(over="ignore"):  # too large for float32: checked here
        prepared = preprocessing.apply(inputs.columns if isinstance(inputs, TableInputs) else inputs.values)
    _check_finite("prepared inputs", prepared)
    return prepared


def _targets(samples: Samples, preprocessing: Preprocessing) -> Array:
    if samples.kind == "classification":
        return samples.targets.astype(np.int64)
    standardised = (samples.targets - preprocessing.target_offset) / preprocessing.target_scale
    return np.asarray(standardised, np.float32)


def _describe(
    spec: TaskSpec, samples: Samples, parts: Parts, preprocessing: Preprocessing, shape: tuple[int, ...]
) -> TaskInfo:
    return TaskInfo(
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
    )


def _hash(samples: Samples, parts: Parts) -> str:
    """Hash the samples as read, the names of the classes and the split: neither rounding nor the machine changes it."""
    inputs = samples.inputs
    digest = hashlib.sha256("\x1f".join(samples.classes).encode())
    arrays: list[NDArray[Any]] = [samples.targets, parts.train, parts.validation, parts.test]
    if isinstance(inputs, TableInputs):
        for name, cells in inputs.columns.items():
            digest.update("\x1f".join([name, *map(str, cells)]).encode() + b"\x1e")
    else:
        arrays.append(inputs.values)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
