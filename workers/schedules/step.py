"""The learning rate falls in equal steps."""

from dataclasses import dataclass

from search_spaces.hyperparameters import integer, number


@dataclass(frozen=True, slots=True)
class Step:
    """Multiplies by `gamma` after each of `steps` + 1 equally long stretches."""

    steps: int = integer(3, "how often it falls", low=1)
    gamma: float = number(0.1, "what is left after each fall", above=0, high=1)

    def factor(self, progress: float) -> float:
        """Return gamma to the number of falls so far."""
        return self.gamma ** min(self.steps, int(progress * (self.steps + 1)))
