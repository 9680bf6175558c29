"""Shared parts of families: menus of options, and a norm with its activation."""

from typing import TypeVar

from search_spaces.documents.quantities import counted
from search_spaces.errors import BuildError
from search_spaces.ops.activation import ACTIVATIONS, Activation
from search_spaces.ops.dropout import Dropout
from search_spaces.ops.norm import NORMS, Norm
from search_spaces.ops.protocol import Op

NORM_OPTIONS = ("none", *NORMS)
INIT_OPTIONS = ("normal", "uniform", "glorot", "he", "orthogonal", "sparse")
ACTIVATION_OPTIONS = ACTIVATIONS

T = TypeVar("T", bound=bool | int | float | str)


def at(value: T | tuple[T, ...], index: int, name: str) -> T:
    """Return what a hyper-parameter is in layer `index`: a single value is the same in each."""
    if not isinstance(value, tuple):
        return value
    if index >= len(value):
        raise BuildError(f"{name} has {counted(len(value), 'value')}, layer {index + 1} needs one more")
    return value[index]


def widened(width: int, activation: str) -> int:
    """Return the features or channels before an activation that leaves `width` of them: maxout halves."""
    return 2 * width if activation == "maxout" else width


def activated(width: int, activation: str, norm: str, groups: int) -> list[Op]:
    """Return the norm, if any, and the activation after a layer that is `width` wide."""
    if norm == "none":
        return [Activation(activation)]
    return [Norm(norm, divisor(groups, width) if norm == "group" else 1), Activation(activation)]


def dropped(p: float) -> list[Op]:
    """Return dropout, or nothing where nothing is dropped."""
    return [Dropout(p)] if p > 0 else []


def divisor(groups: int, channels: int) -> int:
    """Return the largest divisor of `channels` that is at most `groups`: the groups a group norm really has."""
    return next(count for count in range(min(groups, channels), 0, -1) if channels % count == 0)
