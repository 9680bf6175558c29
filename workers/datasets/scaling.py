"""Scaling of numbers: what brings each feature near mean 0 and deviation 1, measured in double precision.

Three rules, by how far the farthest value of a feature lies. Most features: mean and deviation. Where a value lies more
than 5 deviations from the mean, what is scaled is also bent smoothly to ±20, so that no single sample makes a training
diverge. Where outliers are the deviation itself (ten times the spread of the middle, as with a mark such as 999999
among ages), median and spread take the place of mean and deviation, else all others would be squeezed together.

Smooth clipping is that of Holzmüller, Grinsztajn and Steinwart, "Better by default" (NeurIPS 2024), who scale every
feature robustly and bend it to ±3. On tables whose target follows the tails of its features that cost much (r² 0.99
became 0.55, adult lost 0.003), so it is rarer and wider here.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.tasks.protocol import Array

Doubles = NDArray[np.float64]

CLIP = 20.0
"""Where the scaled values of a feature with outliers end."""
FAR = 5.0
"""Outliers lie more than so many deviations from the mean; of a million normal numbers the farthest lies at 5."""
SQUEEZED = 10.0
"""How many times the spread of the middle a deviation is that consists of outliers."""

_QUANTILES = 1 << 16
"""From so many values at most quantiles are measured."""
_GATHERED = 1 << 24
"""So many values at most are gathered to measure quantiles of several features at once."""
_SPREADS = ((0.25, 1.349), (0.1, 2.563), (0.05, 3.290), (0.01, 4.653))
"""A quantile, and how many deviations of a normal distribution lie between it and its opposite."""
_ROUNDING = 1e-14
"""A deviation smaller than this share of the mean is rounding alone."""

Parts = Callable[[], Iterator[Array]]
"""Goes over all values in parts: (values, features) each, numbers of any kind."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """For each feature: scaled = (value - offset) / scale, then smoothly clipped to ±clip unless that is 0."""

    offset: tuple[float, ...]
    scale: tuple[float, ...]
    clip: tuple[float, ...]
    farthest: tuple[float, ...]
    """How many deviations from the mean the farthest value lies."""


def measured(parts: Parts, *, robust: tuple[int, ...] | None = None) -> Scaling:
    """Measure each feature; `robust` lists those that may have outliers, all unless given."""
    low, high = _ends(parts)
    unit = np.exp2(np.floor(np.log2(np.maximum(np.abs(low), np.abs(high)).clip(1e-300))))  # squares stay in range
    unit = np.where((unit > 1e100) | (unit < 1e-100), unit, 1.0)
    mean, deviation = _moments(parts, unit)
    constant = (low == high) | (deviation <= _ROUNDING * np.abs(mean))
    offset, scale = np.where(low == high, low, mean * unit), np.where(constant, 1.0, deviation * unit)
    farthest = np.where(constant, 0.0, np.maximum(high / scale - offset / scale, offset / scale - low / scale))
    clip = np.zeros(len(offset))
    allowed = range(len(offset)) if robust is None else robust
    far = [feature for feature in allowed if farthest[feature] > FAR]
    clip[far] = CLIP
    for feature, (middle, spread) in zip(far, _robust(parts, far), strict=True):
        if spread and scale[feature] / spread > SQUEEZED:
            offset[feature], scale[feature] = middle, spread
    return Scaling(*(tuple(values.tolist()) for values in (offset, scale, clip, farthest)))


def moments(values: Doubles) -> Scaling:
    """Measure mean and deviation of each column alone."""
    return measured(lambda: iter([values]), robust=())


def _ends(parts: Parts) -> tuple[Doubles, Doubles]:
    ends = [(part.min(axis=0).astype(np.float64), part.max(axis=0).astype(np.float64)) for part in parts()]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _moments(parts: Parts, unit: Doubles) -> tuple[Doubles, Doubles]:
    """Return mean and deviation in that unit, each in a pass of its own: one pass would lose small deviations."""
    count = sum(len(part) for part in parts())
    mean = np.sum([(part / unit).sum(axis=0, dtype=np.float64) for part in parts()], axis=0) / count
    squares = np.sum([np.square(part / unit - mean).sum(axis=0, dtype=np.float64) for part in parts()], axis=0)
    return mean, np.sqrt(squares / count)


def _robust(parts: Parts, features: list[int]) -> Iterator[tuple[float, float]]:
    """Yield the median and the spread of the middle of each feature, in deviations of a normal distribution.

    The spread is 0 where nearly all values agree. Features are gathered many at a time: each pass goes over all values.
    """
    count = sum(len(part) for part in parts()) if features else 0
    stride = max(1, math.ceil(count / _QUANTILES))
    block = max(1, _GATHERED // max(1, math.ceil(count / stride)))
    shares = [0.5, *(share for low, _ in _SPREADS for share in (low, 1 - low))]
    for begin in range(0, len(features), block):
        some = features[begin : begin + block]
        values = np.concatenate([part[:, some] for part in _every(parts, stride)]).astype(np.float64)
        for median, *ends in np.quantile(values, shares, axis=0).T.tolist():
            yield median, _spread(ends)


def _every(parts: Parts, stride: int) -> Iterator[Array]:
    """Yield each of the values whose place is a multiple of the stride."""
    place = 0
    for part in parts():
        yield part[-place % stride :: stride]
        place += len(part)


def _spread(ends: list[float]) -> float:
    """Return the first spread that is not 0, from the quantiles and their opposites; 0 if nearly all values agree."""
    pairs = zip(_SPREADS, ends[::2], ends[1::2], strict=True)
    return next((spread for (_, width), low, high in pairs if (spread := high / width - low / width) > 0), 0.0)
