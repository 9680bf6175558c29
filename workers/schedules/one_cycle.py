"""The learning rate rises to its peak and falls to almost nothing, both along half a cosine."""

import math
from dataclasses import dataclass

from search_spaces.hyperparameters import number


@dataclass(frozen=True, slots=True)
class OneCycle:
    """Smith 2018; the recipe's learning rate is the peak."""

    rise: float = number(0.3, "share of the training in which it rises", above=0, high=0.99)
    start: float = number(0.04, "share of the peak at the beginning", low=0, high=1)
    floor: float = number(0.0001, "share of the peak that is left at the end", low=0, high=1)

    def factor(self, progress: float) -> float:
        """Return a value that goes from `start` to 1 to `floor`."""
        if progress < self.rise:
            return _between(self.start, 1.0, progress / self.rise)
        return _between(1.0, self.floor, (progress - self.rise) / (1.0 - self.rise))


def _between(begin: float, end: float, progress: float) -> float:
    return end + (begin - end) * (1.0 + math.cos(math.pi * progress)) / 2.0
