"""Data set: a task's samples, split, prepared and hashed; NumPy alone, no torch.

Inputs are float32 (samples, *shape). In regression the targets are standardised as measured on train; errors are
brought back to their unit by `TaskInfo.target_scale`, predictions by `Preprocessing.target_scale` and `_offset`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from search_spaces.errors import NasError
from search_spaces.hyperparameters import mistakes
from workers.datasets.constant_model import constant_scores
from workers.datasets.description import describe
from workers.datasets.preprocessing import Preprocessing, fit, width
from workers.datasets.splits import Indices, divide
from workers.datasets.transforms import Floats
from workers.errors import TaskError
from workers.free_memory import require_room
from workers.messages import TaskInfo, TaskSpec
from workers.tasks import TASKS
from workers.tasks.protocol import Array, ArrayInputs, Label, Samples, TableInputs, Task

LONGEST = 300
"""Characters kept of what an error says."""


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
    with blaming(spec.task.name):
        return prepare(read(spec), spec)


def prepare(samples: Samples, spec: TaskSpec) -> Dataset:
    """Split and prepare samples that were read; see `load`."""
    parts = divide(samples, spec.split)
    preprocessing = fit(samples, parts.train)
    count, features = len(samples.targets), width(samples, preprocessing)
    require_room(8.0 * count * features, f"task {spec.task.name}: {count:,} prepared samples of {features:,} numbers")
    targets = _targets(samples, preprocessing)
    rows = (parts.train, parts.validation, parts.test)
    folds = [
        Fold(inputs, targets[part]) for inputs, part in zip(_inputs(samples, preprocessing, rows), rows, strict=True)
    ]
    info = describe(spec, samples, parts, preprocessing, folds[0].inputs.shape[1:])
    train, validation, test = folds
    seen = np.concatenate([train.targets, validation.targets])
    info = replace(info, baseline=constant_scores(info, seen, test.targets))
    labels = samples.labels or samples.classes
    train, validation, test = folds
    return Dataset(info, train, validation, test, preprocessing, labels, samples.target_axes)


def read(spec: TaskSpec) -> Samples:
    """Read a task's raw samples; raise `TaskError` if they cannot be used."""
    name, settings = spec.task.name, spec.task.settings
    task_class = TASKS.load(name)
    for key, mistake in mistakes(task_class, settings).items():
        raise TaskError(mistake, f"task.{name}.{key}")
    task: Task = task_class(**settings)
    try:
        samples = task.samples()
    except TaskError as error:
        raise TaskError(error.message, f"task.{name}.{error.path}" if error.path else "") from error
    except MemoryError as error:
        raise TaskError(f"the samples of task {name} do not fit into the memory there is") from error
    if not isinstance(samples, Samples):
        raise TypeError(f"its samples are no Samples but {type(samples).__name__}")
    if isinstance(samples.inputs, ArrayInputs):
        _check_finite("inputs", samples.inputs.values)
    _check_finite("targets", samples.targets)
    return samples


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Name the task in what nobody foresaw: one of another distribution may raise anything, and end the program."""
    try:
        yield
    except (NasError, KeyboardInterrupt, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        said = " ".join(str(error).split())[:LONGEST]
        told = f"{TASKS.whose(name)} cannot be used: {type(error).__name__}: {said}"
        raise TaskError(told, f"task.{name}") from error


def _check_finite(noun: str, array: Array) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0, 0])
        raise TaskError(f"the {noun} hold NaN or infinity, first in sample {row} (counted from 0)")


def _inputs(samples: Samples, preprocessing: Preprocessing, parts: Sequence[Indices]) -> list[Floats]:
    inputs = samples.inputs
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # too large for float32: checked here
            if isinstance(inputs, TableInputs):
                whole = preprocessing.apply(inputs.columns)
                prepared = [whole[part] for part in parts]
            else:
                prepared = [preprocessing.apply(inputs.values[part]) for part in parts]
    except MemoryError as error:
        raise TaskError("the prepared samples do not fit into the memory there is") from error
    for part in prepared:
        _check_finite("prepared inputs", part)
    return prepared


def _targets(samples: Samples, preprocessing: Preprocessing) -> Array:
    if samples.kind == "classification":
        return samples.targets.astype(np.int64)
    with np.errstate(over="ignore"):  # too far from those of train: checked here
        standardised = (samples.targets - preprocessing.target_offset) / preprocessing.target_scale
        targets = np.asarray(standardised, np.float32)
    _check_finite("prepared targets", targets)
    return targets
