"""The learning rate falls along half a cosine."""

import math
from dataclasses import dataclass

from search_spaces.hyperparameters import number


@dataclass(frozen=True, slots=True)
class Cosine:
    """Loshchilov and Hutter 2017, without restarts."""

    floor: float = number(0.0, "share of the learning rate that is left at the end", low=0, high=1)

    def factor(self, progress: float) -> float:
        """Return a value that falls from 1 to `floor`."""
        return self.floor + (1.0 - self.floor) * (1.0 + math.cos(math.pi * progress)) / 2.0
