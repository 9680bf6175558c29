"""The same learning rate all the time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """Never changes."""

    def factor(self, progress: float) -> float:
        """Return 1."""
        return 1.0
