"""Small jobs for the tests of workers."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings, Value
from workers.messages import Assignment, EpochMetrics, Event, Job, Outcome, Saved, Stage, TaskSpec
from workers.worker import Worker

DIGITS = TaskSpec(Named("digits"))
SGD = Named("sgd", Settings(lr=1e-2, momentum=0.0))
Kind = TypeVar("Kind", EpochMetrics, Saved, Outcome)


def candidate(seed: int = 0, optimizer: Named | None = None, family: str = "mlp", **changes: Value) -> Candidate:
    """Make a small candidate; what a recipe knows goes there, the rest shapes the network."""
    recipe = {name: changes.pop(name) for name in Recipe.__dataclass_fields__ if name in changes}
    optimizer = optimizer or Named("adamw", Settings(lr=1e-2))
    architecture = Settings({"depth": 1, "width": 16, **changes} if family == "mlp" else changes)
    return Candidate(Architecture(family, architecture), Recipe(optimizer, **recipe), seed)  # type: ignore[arg-type]


def job(
    folder: object,
    *candidates: Candidate | Assignment,
    epochs: int = 3,
    task: TaskSpec = DIGITS,
    stage: Stage = "search",
    checkpoint_seconds: float = 1e9,
    seed: int = 7,
    epoch_samples: int = 0,
) -> Job:
    """Make a job; candidates are numbered from 0."""
    assignments = tuple(
        item if isinstance(item, Assignment) else Assignment(number, item) for number, item in enumerate(candidates)
    )
    return Job(1, "study", task, assignments, epochs, seed, str(folder), stage, checkpoint_seconds, epoch_samples)


def run(job: Job, *, stops: Mapping[int, Collection[int]] | None = None, worker: Worker | None = None) -> list[Event]:
    """Run a job to its end; `stops` says whom to stop after which epoch."""
    events: list[Event] = []
    training = (worker or Worker()).train(job)
    answer: Collection[int] | None = None
    try:
        while True:
            batch = training.send(answer)  # type: ignore[arg-type]
            events += batch
            epochs = [event.epoch for event in batch if isinstance(event, EpochMetrics)]
            answer = (stops or {}).get(max(epochs, default=0), ())
    except StopIteration:
        return events


def of(events: list[Event], kind: type[Kind], number: int = 0) -> list[Kind]:
    """Pick the events of one kind and trial."""
    return [event for event in events if isinstance(event, kind) and event.number == number]


def outcome(events: list[Event], number: int = 0) -> Outcome:
    """Pick the one outcome of a trial."""
    (found,) = of(events, Outcome, number)
    return found


def curve(events: list[Event], number: int = 0) -> list[tuple[int, Mapping[str, float]]]:
    """Pick the metrics of a trial, epoch by epoch."""
    return [(event.epoch, event.metrics) for event in of(events, EpochMetrics, number)]
