"""Grid: every point of a space once, in a random order, with a few evenly spaced values for each number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nas.config import Objective
from nas.samplers.brute_force import ExhaustiveSampler, all_values
from search_spaces.candidate import Scalar
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.hyperparameters import integer
from search_spaces.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Grid:
    """Try `points` values of each number that has more of them, and every option of each choice."""

    points: int = integer(5, "values of each numeric dimension that has more than so many", low=1)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> ExhaustiveSampler:
        """Make the sampler of one study."""
        return ExhaustiveSampler(space, seed, self.values)

    def values(self, dimension: Dimension) -> Sequence[Scalar]:
        """List the values of a dimension that are tried, both ends among them where there are two."""
        if isinstance(dimension, Choice) or dimension.size <= self.points:
            return all_values(dimension)
        shares = [place / (self.points - 1) for place in range(self.points)] if self.points > 1 else [0.5]
        values = [_at(dimension, share) for share in shares]
        return list(dict.fromkeys(values))


def _at(dimension: Int | Float, share: float) -> int | float:
    """Return the value at a share of the way from low to high, on the dimension's own scale and step."""
    scale, back = (math.log, math.exp) if dimension.log else (float, float)
    low, high = scale(dimension.low), scale(dimension.high)
    exact = min(max(back(low + share * (high - low)), dimension.low), dimension.high)
    if dimension.step:
        exact = dimension.low + round((exact - dimension.low) / dimension.step) * dimension.step
    return int(exact) if isinstance(dimension, Int) else float(f"{exact:.12g}")
