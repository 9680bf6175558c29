"""Throttled projection: collect the trials that changed, and write them to the dashboard's tables once a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nas.trials import Trial


@dataclass(slots=True)
class ThrottledProjection:
    """Collects the trials that changed until `interval` seconds have passed since they were last written."""

    project: Callable[[Sequence[Trial]], None]
    clock: Callable[[], float]
    interval: float = 1.0
    _changed: dict[int, Trial] = field(default_factory=dict)
    _shown_at: float = 0.0

    def note(self, trial: Trial) -> None:
        """Add a trial that changed."""
        self._changed[trial.number] = trial

    @property
    def due(self) -> bool:
        """Return whether it is time to show them."""
        return bool(self._changed) and self.clock() - self._shown_at >= self.interval

    def show(self, newest: Callable[[Trial], Trial]) -> None:
        """Show each as it is by now."""
        if self._changed:
            self.project([newest(trial) for trial in self._changed.values()])
            self._changed = {}
            self._shown_at = self.clock()
