"""One dimension of a Parzen estimator: its values as numbers, and the kernels around observations.

Bergstra et al. 2011 (TPE); widths, weights and the prior kernel as in Optuna, described by Watanabe 2023
(arXiv:2304.11127), so that both give the same densities. The last kernel is always the prior.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from search_spaces.candidate import Scalar
from search_spaces.dimensions import Choice, Dimension, Int

Array = NDArray[np.float64]


class Kernels(Protocol):
    """The kernels of one dimension, one for each observation and one more for the prior."""

    def draw(self, chosen: NDArray[np.intp], rng: np.random.RandomState) -> Array:
        """Draw one value from each chosen kernel."""  # (samples,)
        ...

    def log_density(self, values: Array) -> Array:
        """Return the logarithm of each kernel's density, or mass, at each value."""  # (samples, kernels)
        ...


class Axis(Protocol):
    """One dimension: values to numbers and back, and kernels from numbers."""

    def encode(self, value: Scalar) -> float:
        """Return the number that stands for a value."""
        ...

    def decode(self, number: float) -> Scalar:
        """Undo `encode`."""
        ...

    def kernels(self, observed: Array) -> Kernels:
        """Put a kernel on each observation, in their order, and add the prior."""
        ...


def axis_of(dimension: Dimension) -> Axis:
    """Return the axis of a dimension with more than one value."""
    if isinstance(dimension, Choice):
        return Options(dimension.options)
    step = float(dimension.step or 0.0)
    return Numbers(dimension, dimension.low, dimension.high, step, dimension.log)


@dataclass(frozen=True)
class Options:
    """A choice: the place of an option stands for it."""

    options: tuple[Scalar, ...]

    @cached_property
    def _places(self) -> dict[tuple[type, Scalar], int]:
        return {(type(option), option): place for place, option in enumerate(self.options)}  # 1 is not True

    def encode(self, value: Scalar) -> float:
        """Return the place of an option."""
        return float(self._places[type(value), value])

    def decode(self, number: float) -> Scalar:
        """Return the option at a place."""
        return self.options[int(number)]

    def kernels(self, observed: Array) -> "OptionKernels":
        """Put all weight on the observed option, but for the prior's share that goes to each."""
        kernels, options = len(observed) + 1, len(self.options)
        share = 1.0 / kernels
        whole = 1.0 + options * share
        return OptionKernels(observed, options, hit=(1.0 + share) / whole, miss=share / whole)


@dataclass(frozen=True, slots=True, eq=False)
class OptionKernels:
    """The observed option has probability `hit`, each other one `miss`; the prior gives all the same."""

    observed: Array
    options: int
    hit: float
    miss: float

    def draw(self, chosen: NDArray[np.intp], rng: np.random.RandomState) -> Array:
        """Draw one option from each chosen kernel."""
        weights = np.full((len(chosen), self.options), self.miss)  # (samples, options)
        prior = chosen == len(self.observed)
        weights[prior] = 1.0 / self.options
        weights[~prior, self.observed[chosen[~prior]].astype(np.intp)] = self.hit
        reached = np.cumsum(weights, axis=1)
        reached[:, -1] = 1.0  # whatever rounding made of it
        below = reached < rng.rand(len(chosen))[:, None]
        return np.asarray(below.sum(axis=1), dtype=np.float64)

    def log_density(self, values: Array) -> Array:
        """Return log probabilities."""
        result = np.full((len(values), len(self.observed) + 1), -math.log(self.options))
        same = values[:, None] == self.observed
        result[:, :-1] = np.where(same, math.log(self.hit), math.log(self.miss))
        return result


@dataclass(frozen=True)
class Numbers:
    """A range, on its own scale: numbers, or their logarithms; `step` 0 is continuous."""

    dimension: Dimension
    low: float
    high: float
    step: float
    log: bool

    def encode(self, value: Scalar) -> float:
        """Return the number on the range's scale."""
        assert not isinstance(value, str)
        return math.log(value) if self.log else float(value)

    def decode(self, number: float) -> Scalar:
        """Return the nearest value of the range."""
        exact = math.exp(number) if self.log else number
        bounded = min(max(exact, self.low), self.high)
        if not self.step:
            return bounded
        steps = round((bounded - self.low) / self.step)
        assert not isinstance(self.dimension, Choice)
        if isinstance(self.dimension, Int):
            return self.dimension.low + steps * self.dimension.step
        return self.dimension.at(steps)

    def kernels(self, observed: Array) -> "NumberKernels":
        """Put a truncated normal distribution on each observation, as wide as the larger gap to its neighbours."""
        low, high = self._scaled(self.low - self.step / 2), self._scaled(self.high + self.step / 2)
        means = np.append(observed, 0.5 * (low + high))
        widths = np.append(_widths(observed, low, high), high - low)
        return NumberKernels(self, means, widths, low, high)

    def snap(self, numbers: Array) -> Array:
        """Move numbers of the range's scale to its grid."""
        if not self.step:
            return numbers
        exact = np.exp(numbers) if self.log else numbers
        grid = np.clip(self.low + np.round((exact - self.low) / self.step) * self.step, self.low, self.high)
        return np.log(grid) if self.log else grid

    def cell(self, numbers: Array) -> tuple[Array, Array]:
        """Return the ends of what is rounded to each number of the grid, on the range's scale."""
        exact = np.exp(numbers) if self.log else numbers
        left, right = exact - self.step / 2, exact + self.step / 2
        return (np.log(left), np.log(right)) if self.log else (left, right)

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.log else value


@dataclass(frozen=True, slots=True, eq=False)
class NumberKernels:
    """Normal distributions cut at the ends of a range, which holds all their means."""

    axis: Numbers
    means: Array  # (kernels,)
    widths: Array  # (kernels,)
    low: float
    high: float

    def draw(self, chosen: NDArray[np.intp], rng: np.random.RandomState) -> Array:
        """Draw by inverting the cumulative distribution."""
        means, widths = self.means[chosen], self.widths[chosen]
        below = ndtr((self.low - means) / widths)
        above = ndtr((means - self.high) / widths)  # the upper tail, without cancellation
        share = rng.uniform(size=len(chosen))
        inside = 1.0 - below - above
        left = below + share * inside
        right = above + (1.0 - share) * inside
        standard = np.where(left < 0.5, ndtri(left), -ndtri(right))
        return self.axis.snap(np.clip(means + widths * standard, self.low, self.high))

    def log_density(self, values: Array) -> Array:
        """Return log densities where the range is continuous, log masses on a grid."""
        if self.axis.step:
            return self._log_mass(values)
        distance = (values[:, None] - self.means) / self.widths
        inside = self._inside(self.means, self.widths)
        return -0.5 * distance * distance - np.log(math.sqrt(2 * math.pi) * self.widths * inside)

    def _log_mass(self, values: Array) -> Array:
        """On a grid most kernels and values are several times the same: each pair is looked at once."""
        pairs, of_pair = np.unique(self.means + 1j * self.widths, return_inverse=True)
        points, of_point = np.unique(values, return_inverse=True)
        means, widths = pairs.real, pairs.imag
        left, right = self.axis.cell(points)
        near, far = (left[:, None] - means) / widths, (right[:, None] - means) / widths
        mass = np.where(near > 0, ndtr(-near) - ndtr(-far), ndtr(far) - ndtr(near))  # in the tail that is small
        with np.errstate(divide="ignore"):  # so far away that nothing is left of it: the prior's mass remains
            logs = np.log(mass / self._inside(means, widths))
        return np.asarray(logs[np.ix_(of_point, of_pair)])

    def _inside(self, means: Array, widths: Array) -> Array:
        """Return how much of each uncut kernel is inside the range."""
        return np.asarray(1.0 - ndtr((self.low - means) / widths) - ndtr((means - self.high) / widths))


def _widths(observed: Array, low: float, high: float) -> Array:
    """Return the larger gap to a neighbour; the outermost look inward only, and none is too narrow for their number."""
    if not len(observed):
        return observed
    order = np.argsort(observed)
    fenced = np.concatenate(([low], observed[order], [high]))
    gaps = np.diff(fenced)
    widths = np.maximum(gaps[:-1], gaps[1:])
    if len(observed) > 1:
        widths[0], widths[-1] = gaps[1], gaps[-2]
    narrowest = (high - low) / min(100.0, 2.0 + len(observed))
    result = np.empty_like(widths)
    result[order] = np.clip(widths, narrowest, high - low)
    return result
