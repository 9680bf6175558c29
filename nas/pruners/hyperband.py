"""Hyperband: several successive halvings side by side, each with a later first rung; a trial belongs to one of them."""

import math
from binascii import crc32
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nas.config import Direction
from nas.pruners.asha import Halving
from search_spaces.hyperparameters import integer


@dataclass(frozen=True, slots=True)
class Hyperband:
    """Hedge between stopping early and stopping late; so its first rung is half as far as that of `asha`."""

    first_rung: int = integer(0, "epochs to the first comparison; 0: a twelfth of all epochs, and at least 2", low=0)
    reduction_factor: int = integer(3, "one of so many goes on, and the next rung is so many times as far", low=2)
    bootstrap_count: int = integer(0, "trials that are stopped at a rung before the first may pass", low=0)

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "Brackets":
        """Make the pruner of one study."""
        first, factor = self.first_rung or max(2, round(epochs / 12)), self.reduction_factor
        count = max(math.floor(math.log(max(epochs, 1) / first, factor)) + 1, 1)
        brackets = [
            Halving(first * factor**bracket, factor, self.bootstrap_count, direction == "maximize")
            for bracket in range(count)
        ]
        return Brackets(brackets, shares(count, factor), str(seed))


@dataclass(frozen=True, slots=True)
class Brackets:
    """Optuna's `HyperbandPruner`, decision by decision; the seed stands for the study's name."""

    brackets: Sequence[Halving]
    shares: Sequence[int]
    name: str

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take a value and return whether the trial fails a rung of its bracket with it."""
        return self._bracket(number).report(number, epoch, value)

    def see(self, number: int, epoch: int, value: float) -> None:
        """Take a value without a decision."""
        self._bracket(number).see(number, epoch, value)

    def weak(self, number: int) -> bool:
        """Return whether the last value fails a rung of the trial's bracket."""
        return self._bracket(number).weak(number)

    def finish(self, number: int, *, complete: bool) -> None:
        """Forget the trial; what it entered at its rungs stays."""
        self._bracket(number).finish(number, complete=complete)

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember what a trial entered at the rungs of its bracket: the rungs of the first are those of all."""
        return self.brackets[0].remembered(epochs, complete=complete)

    def _bracket(self, number: int) -> Halving:
        place = crc32(f"{self.name}_{number}".encode()) % sum(self.shares)
        for bracket, share in zip(self.brackets, self.shares, strict=True):
            if place < share:
                return bracket
            place -= share
        raise AssertionError("a place below the sum of the shares is in one of them")


def shares(count: int, factor: int) -> list[int]:
    """Return how many of the trials go to each bracket: ⌈B · ηˢ / (s + 1)⌉ for s = B - 1 … 0 (Li et al. 2018)."""
    return [math.ceil(count * factor**later / (later + 1)) for later in reversed(range(count))]
