"""Your own arrays: an .npz file with x and y, or x_train, y_train and, if they came apart, x_test, y_test.

Also x_validation and y_validation, or x_val and y_val; an array `classes` names the classes. Parts that are given are
kept as they are. Arrays of other names are not used, which is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search_spaces.errors import nearest
from search_spaces.hyperparameters import flag, option, required_file
from search_spaces.plain_text import shaped
from workers.errors import TaskError
from workers.messages import Column
from workers.metric_names import Kind
from workers.tasks._archive import read_arrays
from workers.tasks._classes import class_names, coded
from workers.tasks._labels import decoded, labels_of
from workers.tasks.protocol import KINDS, Array, ArrayInputs, Layout, Samples

LAYOUTS = ("auto", "vectors", "sequences", "NHW", "NHWC", "NCHW")
DIMENSIONS = {"vectors": 2, "sequences": 3, "NHW": 3, "NHWC": 4, "NCHW": 4}
AXES: Mapping[str, Layout] = {"NHW": "NHW", "NHWC": "NHWC"}
CHANNELS = (1, 3, 4)
"""How many channels an image may have for its layout to be told from its shape."""
FEW = 20
"""A target of at most so many different whole numbers is taken for classes, also where they are stored as floats."""
PARTS = {"train": "", "": "", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
"""The part of the samples that an array holds, by what stands behind `x_` and `y_` in its name."""

Pair = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Npz:
    """Arrays in a file: images, sequences (samples, time, features) or vectors."""

    path: str = required_file("the file, relative to the study file")
    kind: str = option(
        "auto",
        "what to predict; text, a few different whole numbers and rows with a single 1 are classes",
        ("auto", "classification", "regression"),
    )
    layout: str = option("auto", "what the axes of x are; N samples, H height, W width, C channels", LAYOUTS)
    standardise: bool = flag(True, "give each feature or channel mean 0 and deviation 1; bytes become 0 to 1 first")

    def samples(self) -> Samples:
        """Read the arrays and code the targets."""
        if not self.path:
            raise TaskError("needs a file, got ''", "path")
        arrays = read_arrays(self.path)
        used, warnings = _used(self.path, arrays)
        parts = _parts(self.path, used, arrays)
        x, y = (_joined([pair[side] for pair in parts.values()]) for side in (0, 1))
        inputs, column = self._inputs(x)
        indices = np.split(np.arange(len(y)), np.cumsum([len(pair[1]) for pair in parts.values()])[:-1])
        given = dict(zip(parts, indices, strict=True))
        bytes_came = y.dtype.kind == "S"
        if bytes_came:
            y = decoded(self.path, y)
        kind, told = self._kind(y)
        known = Samples(
            kind,
            inputs,
            y,
            validation=given.get("validation"),
            test=given.get("test"),
            columns=(column,),
            target=told,
            warnings=tuple(warnings),
            target_axes=2 if y.ndim == 2 else 1,
        )
        if kind == "regression":
            return replace(known, targets=_numbers(self.path, y, self._declared))
        labels = y.argmax(axis=1) if _is_one_hot(y) else y
        values, codes = coded(self.path, labels, given, self._declared)
        names = class_names(self.path, values, arrays.get(used.get("classes", "")))
        came = np.char.encode(labels, "utf-8") if bytes_came else labels
        return replace(known, targets=codes, classes=names, labels=labels_of(came, names))

    @property
    def _declared(self) -> str:
        """Return the setting that says what is predicted, empty where the target tells by itself."""
        return "kind" if self.kind in KINDS else ""

    def _inputs(self, x: Array) -> tuple[ArrayInputs, Column]:
        if x.dtype.kind not in "biuf":
            raise TaskError(f"{self.path}: x needs numbers, got {x.dtype}")
        if x.ndim < 2 or 0 in x.shape:
            lacking = "x has one axis, samples alone" if x.ndim < 2 else "x has an axis of length 0"
            raise TaskError(f"{self.path}: {lacking}: {shaped(x.shape)}; it needs at least one number a sample")
        divisor = 255.0 if x.dtype == np.uint8 else 1.0
        layout, how = self._layout(x)
        column = Column("x", "array", f"{x.dtype} {shaped(x.shape)}, {how}")
        return ArrayInputs(x, AXES.get(layout, "plain"), divisor, self.standardise), column

    def _layout(self, x: Array) -> tuple[str, str]:
        """Return the layout, and how it was told."""
        layout = _guess(x) if self.layout == "auto" else self.layout
        if layout not in DIMENSIONS:
            ways = ", ".join(LAYOUTS[1:])
            raise TaskError(
                f"{self.path}: cannot tell what the axes of x, {shaped(x.shape)}, are (say one of: {ways})", "layout"
            )
        if x.ndim != DIMENSIONS[layout]:
            told = f"{self.path}: {layout} needs {DIMENSIONS[layout]} axes, x has {x.ndim}: {shaped(x.shape)}"
            raise TaskError(told, "layout")
        if self.layout != "auto":
            return layout, f"layout {layout}"
        doubt = " (images would be layout: NHW)" if layout == "sequences" else ""
        return layout, f"taken for {layout if layout in ('vectors', 'sequences') else f'images, {layout}'}{doubt}"

    def _kind(self, y: Array) -> tuple[Kind, str]:
        """Return what is predicted, and why."""
        if self.kind in KINDS:
            return KINDS[self.kind], f"{'numbers' if self.kind == 'regression' else 'classes'}, as declared"
        if _is_one_hot(y):
            return "classification", "classes: rows with a single 1 (one-hot; else say kind: regression)"
        if y.dtype.kind in "iu" and y.size == len(y) and len(np.unique(y)) > max(FEW, len(y) / 2):
            return "regression", "numbers: whole ones, different in most samples (else say kind: classification)"
        if y.dtype.kind != "f":
            return "classification", "classes: text or whole numbers (else say kind: regression)"
        several = y.ndim > 1 and y.size != len(y)
        if several or not np.isfinite(y).all() or (y % 1).any() or len(np.unique(y)) > FEW:
            return "regression", "numbers"
        return "classification", f"classes: at most {FEW} different whole numbers (else say kind: regression)"


def _used(path: str, arrays: Mapping[str, Array]) -> tuple[dict[str, str], list[str]]:
    """Return the names of the arrays that are used, by part such as `x_train`; and what to say of the others."""
    used: dict[str, str] = {}
    others = []
    for name in arrays:
        side, _, part = name.lower().partition("_")
        known = part in PARTS and side in ("x", "y") and (bool(part) or "_" not in name)
        role = (
            "classes" if name.lower() == "classes" else f"{side}_{part and (PARTS[part] or 'train')}" if known else ""
        )
        if not role:
            others.append(name)
        elif role in used:
            raise TaskError(f"{path}: arrays {used[role]!r} and {name!r} are two names for one thing; keep one")
        else:
            used[role] = name
    if "x_" in used and "x_train" in used:
        raise TaskError(f"{path}: arrays {used['x_']!r} and {used['x_train']!r} are two names for one thing; keep one")
    likely = [name for name in others if name.lower()[:2] in ("x_", "y_") or name.lower() in ("x", "y")]
    if "x_" in used:  # nothing is taken from the parts beside x and y
        likely += [used[role] for role in used if role not in ("x_", "y_", "classes")]
    elif "x_train" in used and likely:
        raise TaskError(f"{path}: array {likely[0]!r} belongs to no part{nearest(likely[0], ROLES)}")
    unused = [*likely, *(name for name in others if name not in likely)]
    return used, [_unused(unused, arrays)] if unused else []


def _unused(names: Sequence[str], arrays: Mapping[str, Array]) -> str:
    """Return which arrays are not used; one of lengths or a mask is none of those that a network gets."""
    few = ", ".join(f"{name} ({shaped(arrays[name].shape)})" for name in names[:8])
    shown = few + (", …" if len(names) > 8 else "")
    padding = any(word in name.lower() for name in names for word in ("len", "mask"))
    hint = "; padding counts as data unless a feature of x marks it" if padding else ""
    return f"{'1 array is' if len(names) == 1 else f'{len(names):,} arrays are'} not used: {shown}{hint}"


ROLES = tuple(f"{side}_{part}" for part in ("train", "validation", "test") for side in "xy")


def _parts(path: str, used: Mapping[str, str], arrays: Mapping[str, Array]) -> dict[str, Pair]:
    """Pair x with y: those to split under an empty name, and the parts that came apart under theirs."""
    if "x_" in used or "x_train" not in used:
        return {"": _pair(path, used, arrays, "x_", "y_")}
    parts = {"": _pair(path, used, arrays, "x_train", "y_train")}
    for part in ("validation", "test"):
        if f"x_{part}" in used or f"y_{part}" in used:
            parts[part] = _pair(path, used, arrays, f"x_{part}", f"y_{part}")
    shape, axes = parts[""][0].shape[1:], parts[""][1].shape[1:]
    for part, (x, y) in parts.items():
        if x.shape[1:] != shape:
            raise TaskError(
                f"{path}: samples of x_{part} have shape {shaped(x.shape[1:])}, those of x_train {shaped(shape)}"
            )
        if y.shape[1:] != axes:
            raise TaskError(
                f"{path}: targets of y_{part} have shape {shaped(y.shape[1:])}, those of y_train {shaped(axes)}"
            )
        if y.dtype.kind != parts[""][1].dtype.kind and "U" in y.dtype.kind + parts[""][1].dtype.kind:
            raise TaskError(f"{path}: y_{part} holds {y.dtype}, y_train {parts[''][1].dtype}")
    return parts


def _pair(path: str, used: Mapping[str, str], arrays: Mapping[str, Array], *roles: str) -> Pair:
    for role in roles:
        if role not in used:
            name = role.removesuffix("_")
            raise TaskError(f"{path}: no array {name!r}{nearest(name, tuple(arrays)) if arrays else ', it is empty'}")
    names = [used[role] for role in roles]
    x, y = (arrays[name] for name in names)
    if x.ndim < 1 or len(x) == 0 or y.ndim < 1 or len(x) != len(y):
        told = f"{names[0]} ({shaped(x.shape)}) and {names[1]} ({shaped(y.shape)})"
        raise TaskError(f"{path}: {told} need as many samples, at least one{_end_to_end(x, y, arrays)}")
    if 0 in y.shape:
        raise TaskError(f"{path}: {names[1]} has an axis of length 0: {shaped(y.shape)}")
    return x, y


def _end_to_end(x: Array, y: Array, arrays: Mapping[str, Array]) -> str:
    """Return what to do with sequences that stand one after the other, an array of lengths beside them."""
    for name, array in arrays.items():
        if array.shape == y.shape[:1] and array.dtype.kind in "iu" and x.ndim and array.sum() == len(x):
            told = f"{name!r} looks like the lengths of sequences that stand one after the other"
            return f" ({told}; pad them to x of shape (samples, time, features))"
    return ""


def _joined(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _guess(x: Array) -> str:
    """Take bytes for images, other arrays of three axes for sequences, an axis of 1, 3 or 4 for channels."""
    if x.ndim == 3:
        return "NHW" if x.dtype == np.uint8 else "sequences"
    if x.ndim == 4:
        return "NHWC" if x.shape[-1] in CHANNELS else "NCHW" if x.shape[1] in CHANNELS else ""
    return "vectors" if x.ndim == 2 else ""


def _is_one_hot(y: Array) -> bool:
    """Return whether each row is 0 but for a single 1."""
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "biuf":
        return False
    return bool(((y == 0) | (y == 1)).all() and (np.count_nonzero(y, axis=1) == 1).all())


def _numbers(path: str, y: Array, setting: str) -> Array:
    if y.dtype.kind not in "biuf" or y.ndim > 2:
        told = f"{path}: y needs numbers, one or several a sample, got {y.dtype} {shaped(y.shape)}"
        raise TaskError(told, setting)
    return y.reshape(len(y), -1).astype(np.float64)
