"""Graceful shutdown: reasons to end a search early (lost lease, target, time, stop request), draining, its deadline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas.controller.budget.stopping_criterion import StoppingCriterion
from nas.controller.lease_heartbeat import LeaseHeartbeat
from nas.controller.running_trials import Running, RunningTrials
from nas.errors import LeaseLost
from nas.executors.protocol import Executor
from nas.trials import Trial

DRAIN = 25.0
"""Seconds that running epochs are given to end when the study is stopped."""
RESERVE_AGAIN = 0.25
"""Seconds between two estimates of what follows the search."""


@dataclass(slots=True)
class Shutdown:
    """Ends what runs, within its epoch, as soon as there is a reason."""

    study: str
    heartbeat: LeaseHeartbeat
    stopping: StoppingCriterion
    running: RunningTrials
    executor: Executor
    reserve: Callable[[Sequence[Trial]], float]
    """Says what retraining the best of some trials will take of the time."""
    clock: Callable[[], float]
    interrupted: Callable[[], bool] = bool
    """Asks whether the user wants the study to stop; it then drains."""
    finish: Callable[[], bool] = bool
    """Asks whether the user wants the search to end and its best to be retrained, scored and exported."""
    _draining_since: float | None = None
    _reserved_at: float = float("-inf")

    @property
    def draining(self) -> bool:
        """Return whether the user has stopped the study."""
        return self._draining_since is not None

    def check_interrupts(self, best: Trial | None) -> None:
        """Check for reasons to end; `best` is the best trial so far.

        Raises:
            LeaseLost: another controller has taken the study over.
        """
        if self.heartbeat.lost:
            raise LeaseLost(f"study {self.study!r}: another controller has taken over")
        self._keep_reserve(best)
        self.stopping.finishing |= self.finish() or self.heartbeat.requested == "finish"
        if self.stopping.interrupts:
            self._end_running(self.stopping.reason)
        if not self.draining and (self.interrupted() or self.heartbeat.requested == "stop"):
            self._draining_since = self.clock()
            self._end_running("stop")

    def overdue(self) -> list[Running]:
        """Return the trials whose workers have not ended them in time."""
        since = self._draining_since
        return self.running.all if since is not None and self.clock() - since > DRAIN else []

    def _keep_reserve(self, best: Trial | None) -> None:
        """Leave time to what follows the search: as much as the best so far, else the longest that runs, would take."""
        if self.stopping.budget.seconds and self.clock() - self._reserved_at > RESERVE_AGAIN:
            self._reserved_at = self.clock()
            contenders = [best] if best else [running.shown for running in self.running.all]
            self.stopping.reserve = self.reserve(contenders)

    def _end_running(self, reason: str) -> None:
        """End what runs, within its epoch; what it has measured is kept."""
        fresh = self.running.unstopped
        for running in fresh:
            running.stop_reason = reason
        if fresh:
            self.executor.end([running.trial.number for running in fresh])
