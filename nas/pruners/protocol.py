"""Pruner protocol: watch learning curves, and stop weak trials."""

from collections.abc import Collection
from typing import Protocol


class Pruner(Protocol):
    """Decides from values already reported, never by looking into the storage; NaN is the weakest value there is."""

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take trial `number`'s value after `epoch` epochs and return whether to stop it there."""
        ...

    def finish(self, number: int, *, complete: bool) -> None:
        """Handle the end of a trial: it completed, or it was pruned or failed."""
        ...

    def remembered(self, epochs: int, *, complete: bool) -> Collection[int]:
        """Return which epochs of a finished trial of so many still count; a resumed study reports no others again."""
        ...
