"""Cohorts: the candidates of a job that train as one, and what each has been through so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workers.messages import Assignment, Checkpoint, EpochMetrics, Job, Outcome


@dataclass(slots=True)
class Life:
    """What one assignment has been through in this job; only the worker's loop changes it."""

    assignment: Assignment
    batch_size: int
    """Halved when memory ran out."""
    epochs: int = 0
    """Epochs trained."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    halved: bool = False
    note: str = ""
    """What the controller should know of a candidate that may end well all the same."""

    @property
    def number(self) -> int:
        """Return the trial's number."""
        return self.assignment.number

    def advance(self, metrics: Mapping[str, float], seconds: float) -> EpochMetrics:
        """Take note of one more epoch."""
        self.epochs, self.metrics, self.seconds = self.epochs + 1, metrics, self.seconds + seconds
        return EpochMetrics(self.number, self.assignment.attempt, self.epochs, metrics, seconds)

    def complete(self, checkpoint: Checkpoint | None) -> Outcome:
        """End well."""
        return Outcome(
            self.number,
            self.assignment.attempt,
            "COMPLETE",
            self.epochs,
            self.metrics,
            self.seconds,
            self.note,
            checkpoint,
        )

    def prune(self) -> Outcome:
        """End because the controller said so."""
        return Outcome(self.number, self.assignment.attempt, "PRUNED", self.epochs, self.metrics, self.seconds)

    def fail(self, reason: str) -> Outcome:
        """End badly."""
        return Outcome(self.number, self.assignment.attempt, "FAIL", self.epochs, self.metrics, self.seconds, reason)


def gather(job: Job, *, samples: int) -> tuple[Life, ...]:
    """Return the lives of a job's assignments as they begin."""
    return tuple(
        Life(
            assignment,
            min(assignment.candidate.recipe.batch_size, samples),
            assignment.checkpoint.epoch if assignment.checkpoint else 0,
        )
        for assignment in job.assignments
    )


def group(lives: Iterable[Life]) -> list[Sequence[Life]]:
    """Put together the candidates that go on from the same epoch, the furthest first."""
    cohorts: dict[int, list[Life]] = {}
    for life in lives:
        cohorts.setdefault(life.epochs, []).append(life)
    return [cohorts[epoch] for epoch in sorted(cohorts, reverse=True)]
