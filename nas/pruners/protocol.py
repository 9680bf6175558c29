"""What every pruner does: see learning curves grow, and stop weak trials."""

from typing import Protocol


class Pruner(Protocol):
    """Decides from values already reported, never by looking into the storage; NaN is the weakest value there is."""

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Take trial `number`'s value after `epoch` epochs and return whether to stop it there."""
        ...

    def finish(self, number: int, *, complete: bool) -> None:
        """Take note that a trial has ended: it completed, or it was pruned or failed."""
        ...
