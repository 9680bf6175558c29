"""Your own arrays: an .npz file with x and y, or x_train, y_train and, if they came apart, x_test, y_test.

Also x_validation and y_validation; an array `classes` names the classes. Parts that are given are kept as they are.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from search_spaces.errors import nearest
from search_spaces.hyperparameters import file, flag, option
from workers.errors import TaskError
from workers.messages import Kind
from workers.tasks._files import read_bytes
from workers.tasks._labels import decoded, labels_of
from workers.tasks.protocol import KINDS, Array, ArrayInputs, Layout, Samples

LAYOUTS = ("auto", "vectors", "sequences", "NHW", "NHWC", "NCHW")
DIMENSIONS = {"vectors": 2, "sequences": 3, "NHW": 3, "NHWC": 4, "NCHW": 4}
AXES: Mapping[str, Layout] = {"NHW": "NHW", "NHWC": "NHWC"}
CHANNELS = (1, 3, 4)
"""How many channels an image may have for its layout to be told from its shape."""


@dataclass(frozen=True, slots=True)
class Npz:
    """Arrays in a file: images, sequences (samples, time, features) or vectors."""

    path: str = file("the file, relative to the study file")
    kind: str = option("auto", "what to predict; whole numbers are classes", ("auto", "classification", "regression"))
    layout: str = option("auto", "what the axes of x are; N samples, H height, W width, C channels", LAYOUTS)
    standardise: bool = flag(True, "give each feature or channel mean 0 and deviation 1; bytes become 0 to 1 first")

    def samples(self) -> Samples:
        """Read the arrays and code the targets."""
        if not self.path:
            raise TaskError("task npz: needs path, got ''")
        arrays = _read(self.path)
        parts = _parts(self.path, arrays)
        x, y = (np.concatenate([pair[side] for pair in parts.values()]) for side in (0, 1))
        inputs = self._inputs(x)
        kind = self._kind(y)
        code = _numbers if kind == "regression" else _classes
        text = decoded(self.path, y) if y.dtype.kind == "S" else y
        targets, names = code(self.path, text, arrays.get("classes"))
        indices = np.split(np.arange(len(y)), np.cumsum([len(pair[1]) for pair in parts.values()])[:-1])
        given = dict(zip(parts, indices, strict=True))
        return Samples(
            kind,
            inputs,
            targets,
            names,
            given.get("validation"),
            given.get("test"),
            labels=labels_of(y, names) if names else (),
            target_axes=2 if y.ndim == 2 else 1,
        )

    def _inputs(self, x: Array) -> ArrayInputs:
        if x.dtype.kind not in "biuf":
            raise TaskError(f"{self.path}: x needs numbers, got {x.dtype}")
        divisor = 255.0 if x.dtype == np.uint8 else 1.0
        layout = self._layout(x)
        return ArrayInputs(x, AXES.get(layout, "plain"), divisor, self.standardise)

    def _layout(self, x: Array) -> str:
        layout = _guess(x) if self.layout == "auto" else self.layout
        if layout not in DIMENSIONS:
            raise TaskError(f"{self.path}: cannot tell what the axes of x, {x.shape}, are (say layout: {LAYOUTS[1:]})")
        if x.ndim != DIMENSIONS[layout]:
            raise TaskError(f"{self.path}: layout {layout} needs {DIMENSIONS[layout]} axes, x has {x.ndim}: {x.shape}")
        return layout

    def _kind(self, y: Array) -> Kind:
        if self.kind in KINDS:
            return KINDS[self.kind]
        return "regression" if y.dtype.kind == "f" else "classification"


def _read(path: str) -> dict[str, Array]:
    """Return the arrays of a file by their names in small letters; one that holds objects is refused."""
    content = io.BytesIO(read_bytes(path))
    try:
        loaded = np.load(content, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise TaskError(f"{path}: holds one array; it needs two, x and y (numpy.savez)")
        return {name.lower(): loaded[name] for name in loaded.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TaskError(f"{path}: not an .npz file of plain arrays: {error}") from error


def _parts(path: str, arrays: dict[str, Array]) -> dict[str, tuple[Array, Array]]:
    """Pair x with y: those to split under an empty name, and the parts that came apart under theirs."""
    if "x" in arrays or "x_train" not in arrays:
        return {"": _pair(path, arrays, "x", "y")}
    parts = {"": _pair(path, arrays, "x_train", "y_train")}
    for part in ("validation", "test"):
        if f"x_{part}" in arrays or f"y_{part}" in arrays:
            parts[part] = _pair(path, arrays, f"x_{part}", f"y_{part}")
    shape = parts[""][0].shape[1:]
    for part, (x, _) in parts.items():
        if x.shape[1:] != shape:
            raise TaskError(f"{path}: samples of x_{part} have shape {x.shape[1:]}, those of x_train {shape}")
    return parts


def _pair(path: str, arrays: dict[str, Array], *names: str) -> tuple[Array, Array]:
    for name in names:
        if name not in arrays:
            raise TaskError(f"{path}: no array {name!r}{nearest(name, tuple(arrays))}")
    x, y = (arrays[name] for name in names)
    if x.ndim < 1 or len(x) == 0 or y.ndim < 1 or len(x) != len(y):
        raise TaskError(f"{path}: {names[0]} {x.shape} and {names[1]} {y.shape} need as many samples, at least one")
    return x, y


def _guess(x: Array) -> str:
    """Take bytes for images, other arrays of three axes for sequences, an axis of 1, 3 or 4 for channels."""
    if x.ndim == 3:
        return "NHW" if x.dtype == np.uint8 else "sequences"
    if x.ndim == 4:
        return "NHWC" if x.shape[-1] in CHANNELS else "NCHW" if x.shape[1] in CHANNELS else ""
    return "vectors" if x.ndim == 2 else ""


def _numbers(path: str, y: Array, _names: Array | None) -> tuple[Array, tuple[str, ...]]:
    if y.dtype.kind not in "biuf" or y.ndim > 2:
        raise TaskError(f"{path}: y needs numbers of shape (samples,) or (samples, outputs), got {y.dtype} {y.shape}")
    return y.reshape(len(y), -1).astype(np.float64), ()


def _classes(path: str, y: Array, names: Array | None) -> tuple[Array, tuple[str, ...]]:
    """Give each class its number, in their order; `names` names them where y counts them from 0."""
    if y.size != len(y) or y.dtype.kind not in "biuUf":
        raise TaskError(f"{path}: y needs one class a sample, as a number or text, got {y.dtype} {y.shape}")
    values, codes = np.unique(y.reshape(-1), return_inverse=True)
    if len(values) < 2:
        raise TaskError(f"{path}: y has one class alone, {values[0]!s}: nothing to learn")
    if names is None or y.dtype.kind not in "iu":
        return codes.astype(np.int64), tuple(str(value) for value in values)
    if values[0] < 0 or values[-1] >= len(names):
        raise TaskError(f"{path}: y has class {values[-1]}, but classes has {len(names)} names, counted from 0")
    return codes.astype(np.int64), tuple(str(names[value]) for value in values)
