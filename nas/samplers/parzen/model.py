"""The model of one proposal: a density of good trials and one of all others for each group of dimensions."""

from collections.abc import Mapping

import numpy as np

from nas.samplers._groups import Group, Groups
from nas.samplers.parzen.axes import Axis
from nas.samplers.parzen.density import Density
from nas.samplers.parzen.memory import Memory
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension
from search_spaces.space import SearchSpace


class Model:
    """Proposes points where good trials are dense and others are not; the densities serve all points of one ask."""

    def __init__(
        self,
        memory: Memory,
        groups: Groups,
        axes: Mapping[str, Axis],
        candidates: int,
        rng: np.random.RandomState,
    ) -> None:
        """Look at the trials as they are now."""
        self._columns, self._groups, self._axes = memory.columns, groups, axes
        self._good, self._others = memory.split()
        self._candidates, self._rng = candidates, rng
        self._densities: dict[Group, tuple[Density, Density]] = {}

    def propose(self, space: SearchSpace) -> Params:
        """Draw a point; whether constraints hold is not looked at."""
        drawn: dict[str, Scalar] = {}

        def suggest(name: str, dimension: Dimension) -> Scalar:
            """Draw the whole group of a dimension when its first is asked for."""
            if dimension.size == 1:
                return dimension.options[0] if isinstance(dimension, Choice) else dimension.low
            if name not in drawn:
                drawn.update(self._draw(self._groups.of(name)))
            return drawn[name]

        return space.propose(suggest)

    def _draw(self, group: Group) -> dict[str, Scalar]:
        """Of some draws from the good density take the one with the largest ratio to the other density."""
        if group not in self._densities:
            self._densities[group] = self._estimate(group)
        good, others = self._densities[group]
        points = good.draw(self._candidates, self._rng)
        best = points[np.argmax(good.log_density(points) - others.log_density(points))]
        return {name: self._axes[name].decode(number) for name, number in zip(group, best.tolist(), strict=True)}

    def _estimate(self, group: Group) -> tuple[Density, Density]:
        columns = [self._columns[name] for name in group]
        axes = [self._axes[name] for name in group]
        active = (points[~np.isnan(points[:, columns[0]])][:, columns] for points in (self._good, self._others))
        good, others = (Density.around(observed, axes) for observed in active)
        return good, others
