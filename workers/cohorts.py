"""Cohorts: the candidates of a job that train as one, and the state of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from search_spaces.network import Network
from workers.checkpoints import TrainedState
from workers.messages import Assignment, Checkpoint, Ending, EpochMetrics, Job, Outcome

COHORT_BYTES = 1 << 30
"""A cohort holds no more than this, or is a single candidate."""


@dataclass(slots=True)
class AssignmentState:
    """State of one assignment in this job; only the training loop changes it."""

    assignment: Assignment
    batch_size: int
    """Halved when memory ran out."""
    epochs: int = 0
    """Epochs trained."""
    reported: int = 0
    """Epochs the controller knows of: who starts again is silent until it has caught up."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    cohort_seconds: float = 0.0
    """Wall time of the cohort while it was in it."""
    halved: bool = False
    engine: str = "solo"
    """What trains it."""
    note: str = ""
    """What the controller should know of a candidate that may end well all the same."""
    saved: Checkpoint | None = None
    """Its last checkpoint: where it goes on from if it has to be trained in another cohort."""
    kept: TrainedState | None = None
    """A copy of what was last measured, where the epoch after it may be cut short."""

    @property
    def number(self) -> int:
        """Return the trial's number."""
        return self.assignment.number

    @property
    def known(self) -> int:
        """Return the epochs that anyone knows of."""
        return max(self.epochs, self.reported)

    @property
    def stored(self) -> bool:
        """Return whether what was last measured is on disk."""
        return self.saved is not None and self.saved.epoch == self.epochs

    @property
    def recoverable(self) -> bool:
        """Return whether an epoch that is cut short costs nothing but itself."""
        return not self.epochs or self.stored or (self.kept is not None and self.kept.epoch == self.epochs)

    def advance(self, metrics: Mapping[str, float], seconds: float) -> EpochMetrics | None:
        """Count one more epoch; return it if the controller does not know of it."""
        self.epochs, self.metrics, self.seconds = self.epochs + 1, metrics, self.seconds + seconds
        if self.epochs <= self.reported:
            return None
        self.reported = self.epochs
        return EpochMetrics(self.number, self.assignment.attempt, self.epochs, metrics, seconds)

    def begin_again(self) -> None:
        """Go back to the last checkpoint, or to the start."""
        self.epochs = self.saved.epoch if self.saved else 0
        self.kept, self.metrics = None, {}

    def halve(self) -> None:
        """Go back to the start, with half the batch: steps counted in whole batches mean nothing any more."""
        self.batch_size, self.halved, self.saved = self.batch_size // 2, True, None
        self.begin_again()

    def complete(self, checkpoint: Checkpoint | None) -> Outcome:
        """End well."""
        halved = f"oom: trained with batches of {self.batch_size}" if self.halved else ""
        note = "; ".join(filter(None, (halved, self.note)))
        return replace(self._outcome("COMPLETE", self.epochs, note), checkpoint=checkpoint)

    def prune(self) -> Outcome:
        """End because the controller said so."""
        return self._outcome("PRUNED", self.known, "")

    def end(self, checkpoint: Checkpoint | None, note: str = "") -> Outcome:
        """End at once, with what was last measured."""
        return replace(self._outcome("ENDED", self.epochs, note), checkpoint=checkpoint)

    def fail(self, reason: str) -> Outcome:
        """End badly."""
        return self._outcome("FAIL", self.known, reason)

    def _outcome(self, state: Ending, epochs: int, reason: str) -> Outcome:
        return Outcome(
            self.number,
            self.assignment.attempt,
            state,
            epochs,
            self.metrics,
            self.seconds,
            reason,
            engine=self.engine,
            cohort_seconds=self.cohort_seconds,
        )


def gather(job: Job, *, samples: int) -> tuple[AssignmentState, ...]:
    """Return the lives of a job's assignments as they begin; an epoch has at least so many samples."""
    return tuple(
        AssignmentState(
            assignment,
            min(assignment.candidate.recipe.batch_size, samples),
            assignment.checkpoint.epoch if assignment.checkpoint else 0,
            assignment.start_epoch,
            saved=assignment.checkpoint,
        )
        for assignment in job.assignments
    )


def held_bytes(network: Network) -> int:
    """Return what a candidate holds: parameters, their gradients, two numbers of the optimizer for each; and a copy.

    The copy is of all but the gradients, as they were last measured.
    """
    return 4 * (4 + 3) * network.parameters


def halves(all_assigned: Sequence[AssignmentState]) -> list[Sequence[AssignmentState]]:
    """Cut a cohort in two; each half holds candidates that go on from the same epoch."""
    middle = (len(all_assigned) + 1) // 2
    return [cohort for half in (all_assigned[:middle], all_assigned[middle:]) for cohort in group(half)]


def group(all_assigned: Iterable[AssignmentState]) -> list[Sequence[AssignmentState]]:
    """Put together the candidates that go on from the same epoch, the furthest first."""
    cohorts: dict[int, list[AssignmentState]] = {}
    for assigned in all_assigned:
        cohorts.setdefault(assigned.epochs, []).append(assigned)
    return [cohorts[epoch] for epoch in sorted(cohorts, reverse=True)]
