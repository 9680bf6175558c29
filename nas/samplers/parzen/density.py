"""A Parzen estimator of several dimensions: a mixture over observations of products of kernels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.samplers.parzen.axes import Array, Axis, Kernels, NumberKernels

YOUNG = 25
"""The last so many observations weigh the same; of more the weight falls linearly with their age (as in Optuna)."""


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """One kernel of each dimension belongs to one observation, and the last of each to the prior."""

    weights: Array  # (kernels,)
    kernels: tuple[Kernels, ...]

    @classmethod
    def around(cls, observed: Array, axes: Sequence[Axis]) -> "Density":
        """Estimate from observations in the order of their age."""  # (observations, dimensions)
        weights = np.append(_weights(len(observed)), 1.0)
        kernels = tuple(axis.kernels(observed[:, place]) for place, axis in enumerate(axes))
        return cls(weights / weights.sum(), kernels)

    def draw(self, count: int, rng: np.random.RandomState) -> Array:
        """Draw points."""  # (count, dimensions)
        chosen = rng.choice(len(self.weights), p=self.weights, size=count)
        result = np.empty((count, len(self.kernels)))
        for place in sorted(range(len(self.kernels)), key=lambda place: isinstance(self.kernels[place], NumberKernels)):
            result[:, place] = self.kernels[place].draw(chosen, rng)  # options first: the order of Optuna's draws
        return result

    def log_density(self, points: Array) -> Array:
        """Return the logarithm of the density at each point."""  # (points,)
        logs = np.log(self.weights) + sum(
            kernels.log_density(points[:, place]) for place, kernels in enumerate(self.kernels)
        )
        largest = logs.max(axis=1)
        return np.asarray(largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1)))


def _weights(count: int) -> Array:
    if count <= YOUNG:
        return np.ones(count)
    return np.concatenate((np.linspace(1.0 / count, 1.0, num=count - YOUNG), np.ones(YOUNG)))
