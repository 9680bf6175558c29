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
    """Collects trials, points, artifacts and events; `flush` commits all of them or none."""

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
    _to_delete: list[str] = field(default_factory=list)
    _removal: BackgroundRemoval = field(default_factory=BackgroundRemoval)
    _flushed_at: float = float("-inf")

    def trial(self, trial: Trial) -> None:
        """Add a trial in its newest state."""
        self._trials[trial.number] = trial

    def point(self, number: int, point: Point) -> None:
        """Add one more point of a trial's curve."""
        self._points.append((number, point))

    def artifact(self, artifact: Artifact) -> None:
        """Add a file that was made."""
        self._artifacts.append(artifact)

    def drop(self, artifact: Artifact) -> None:
        """Remove a file that is lost from the record."""
        self._dropped.append(artifact)

    def drop_checkpoint(self, trial: Trial) -> None:
        """Drop a finished trial's checkpoint from the record, and delete its file after the commit."""
        self._forgotten.append(trial.number)
        self.delete_after_commit(trial.checkpoint)

    def delete_after_commit(self, checkpoint: Checkpoint | None) -> None:
        """Delete a checkpoint's file after the commit, once the record no longer refers to it."""
        if checkpoint is not None and checkpoint.path.startswith(f"{self.folder}/"):
            self._to_delete.append(checkpoint.path)

    def event(self, kind: str, **payload: Json) -> None:
        """Add an event."""
        self._events.append((kind, payload))

    def flush_when_due(self, *, seconds: float) -> None:
        """Commit the changes unless the last commit was a moment ago."""
        if self.stopwatch.clock() - self._flushed_at >= self.pause:
            self.flush(seconds=seconds)

    def flush(self, *, seconds: float) -> None:
        """Commit all changes in one transaction; raise `LeaseLost` if another controller has taken over."""
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
        self._removal.remove([path for path in self._to_delete if path not in referred_to])
        self._trials, self._points, self._artifacts, self._events = {}, [], [], []
        self._forgotten, self._to_delete, self._dropped = [], [], []
        self._flushed_at = self.stopwatch.clock()

    def _referred_to(self) -> set[str]:
        """Return what the record refers to now: a trial may end with the checkpoint that it had before."""
        kept = [trial for number, trial in self._trials.items() if number not in self._forgotten]
        return {trial.checkpoint.path for trial in kept if trial.checkpoint}
