"""Cohort size: how many candidates go into one job, from the time that their epochs take.

A sampler that is asked for n candidates at once chooses the last of them without knowing the first. So a cohort grows
only while its candidates are cheap (an epoch of all of them stays under `TURN` seconds) and never beyond the share of
the budget that leaves every worker at least `LESSONS` jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass

TURN = 0.02
"""Seconds that one epoch of a whole cohort should take: some fifty times what a report costs."""
LESSONS = 8
"""Jobs that each worker gets at least, so that the later ones can learn from the earlier."""
MOST = 32


@dataclass(slots=True)
class CohortSize:
    """Chooses from what epochs have cost so far; `fixed` overrides, and makes a search repeatable."""

    trials: int
    capacity: Callable[[], int]
    """How many jobs can run at the same time now: nodes of a cluster join and leave."""
    fixed: int = 0
    _seconds: float = 0.0
    _epochs: int = 0

    def observe(self, seconds: float) -> None:
        """Record the seconds of one epoch of one candidate."""
        self._seconds += seconds
        self._epochs += 1

    @property
    def size(self) -> int:
        """Return how many candidates the next job may hold."""
        if self.fixed or not self._epochs:
            return max(1, self.fixed)
        most = min(MOST, self.trials // (LESSONS * self.capacity())) if self.trials else MOST
        cheap = int(TURN / max(self._seconds / self._epochs, 1e-6))
        return max(1, min(most, cheap))
