"""Schedule protocol: the factor of the learning rate at a point of the training."""

from typing import Protocol


class Schedule(Protocol):
    """A frozen dataclass of hyper-parameters."""

    def factor(self, progress: float) -> float:
        """Return what the learning rate is multiplied by; `progress` runs from 0 to 1 after warm-up."""
        ...
