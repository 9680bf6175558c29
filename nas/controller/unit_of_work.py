"""Unit of work: collect one turn's changes and commit them in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.artifacts.background_removal import BackgroundRemoval
from nas.controller.timings import Stopwatch
from nas.storage import Artifact, Lease, Storage
from nas.storage.records import Json
from nas.trials import Point, Trial
from workers.messages import Checkpoint


@dataclass(slots=True)
class UnitOfWork:
    """Gathers trials, points, artifacts and events; `flush` stores them all or none."""

    storage: Storage
    lease: Lease
    stopwatch: Stopwatch
    pause: float
    """Seconds between two transactions: what a crash can undo of networks whose epochs are shorter than that."""
    folder: str
    """The study's own; files elsewhere are another's, and stay."""
    _trials: dict[int, Trial] = field(default_factory=dict)
    _points: list[tuple[int, Point]] = field(default_factory=list)
    _artifacts: list[Artifact] = field(default_factory=list)
    _dropped: list[Artifact] = field(default_factory=list)
    _events: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    _forgotten: list[int] = field(default_factory=list)
    _discarded: list[str] = field(default_factory=list)
    _removal: BackgroundRemoval = field(default_factory=BackgroundRemoval)
    _flushed_at: float = float("-inf")

    def trial(self, trial: Trial) -> None:
        """Note a trial's newest state."""
        self._trials[trial.number] = trial

    def point(self, number: int, point: Point) -> None:
        """Note one more point of a trial's curve."""
        self._points.append((number, point))

    def artifact(self, artifact: Artifact) -> None:
        """Note a file that was made."""
        self._artifacts.append(artifact)

    def drop(self, artifact: Artifact) -> None:
        """Note that a file that was made is lost, so that the record names it no more."""
        self._dropped.append(artifact)

    def forget(self, trial: Trial) -> None:
        """Note that a finished trial's checkpoint is no longer kept, and let its file go."""
        self._forgotten.append(trial.number)
        self.discard(trial.checkpoint)

    def discard(self, checkpoint: Checkpoint | None) -> None:
        """Let a checkpoint's file go once the record no longer refers to it."""
        if checkpoint is not None and checkpoint.path.startswith(f"{self.folder}/"):
            self._discarded.append(checkpoint.path)

    def event(self, kind: str, **payload: Json) -> None:
        """Note that something happened."""
        self._events.append((kind, payload))

    def flush_when_due(self, *, seconds: float) -> None:
        """Store what was gathered unless that was done a moment ago."""
        if self.stopwatch.clock() - self._flushed_at >= self.pause:
            self.flush(seconds=seconds)

    def flush(self, *, seconds: float) -> None:
        """Store what was gathered, in one transaction; raise `LeaseLost` if another controller has taken over."""
        if not (self._trials or self._points or self._artifacts or self._dropped or self._events or self._forgotten):
            return
        self.stopwatch.timed("storage", self.storage.save)(
            self.lease,
            trials=list(self._trials.values()),
            points=self._points,
            artifacts=self._artifacts,
            dropped=self._dropped,
            events=self._events,
            forgotten=self._forgotten,
            seconds=seconds,
        )
        referred_to = self._referred_to()
        self._removal.remove([path for path in self._discarded if path not in referred_to])
        self._trials, self._points, self._artifacts, self._events = {}, [], [], []
        self._forgotten, self._discarded, self._dropped = [], [], []
        self._flushed_at = self.stopwatch.clock()

    def _referred_to(self) -> set[str]:
        """Return what the record refers to now: a trial may end with the checkpoint that it had before."""
        kept = [trial for number, trial in self._trials.items() if number not in self._forgotten]
        return {trial.checkpoint.path for trial in kept if trial.checkpoint}
