"""None: every trial trains to the end."""

from collections.abc import Collection
from dataclasses import dataclass

from nas.config import Direction


@dataclass(frozen=True, slots=True)
class NoPruner:
    """Stop nothing; it has nothing to set."""

    def pruner(self, *, epochs: int, direction: Direction, seed: int) -> "NoPruner":
        """Make the pruner of one study: this one."""
        return self

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Go on."""
        return False

    def finish(self, number: int, *, complete: bool) -> None:
        """Forget."""

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Remember nothing."""
        return ()


def __getattr__(name: str) -> type[NoPruner]:
    """Offer the class under the name that belongs to this file; `class None` is no Python."""
    if name == "None":
        return NoPruner
    raise AttributeError(name)
