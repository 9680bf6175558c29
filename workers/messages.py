"""Messages between the controller and its workers: frozen values, no torch.

The controller sends a `Job`; the worker answers with a stream of events. `EpochMetrics` and `Saved` tell of progress,
exactly one `Outcome` ends each assignment. `attempt` says which life of the trial an event belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from search_spaces.candidate import Candidate, Named
from workers.metric_names import Kind

Shape = tuple[int, ...]
"""The shape of one sample, without the batch: (features,), (channels, height, width) or (time, features)."""

Stage = Literal["search", "final"]
"""What is trained and measured on: train and validation; or train + validation together and test, once, at the end."""


SEVERAL = 0.05
"""A share of samples that is worth a warning."""


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the samples held back for validation and test, and the seed that draws them."""

    validation: float = 0.2
    test: float = 0.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """Samples to learn: a name from the menu of tasks with its settings, the split, and the loss ("" = usual)."""

    task: Named
    split: Split = field(default_factory=Split)
    loss: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or one array: what it was taken for, and what was done to it."""

    name: str
    kind: Literal["number", "date", "category", "left out", "array"]
    inferred: str = ""
    """How the kind was told, and what notation its numbers have."""
    missing: int = 0
    """Cells without a value, in all rows."""
    values: int = 0
    """Different categories among the training samples."""
    kept: int = 0
    """How many of them are told apart."""
    unknown: int = 0
    """Training samples whose category is not told apart."""
    scaling: str = ""
    inputs: int = 0
    """Numbers that the network gets of it."""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """Description of a task for the controller, which does not hold its samples."""

    name: str
    kind: Kind
    inputs: Shape
    outputs: int
    samples: tuple[int, int, int]
    """Number of samples in train, validation and test."""
    metrics: tuple[str, ...]
    loss: str
    sha256: str
    """Hash of all samples and of the split."""
    classes: tuple[str, ...] = ()
    target_scale: tuple[float, ...] = ()
    """Regression trains on standardised targets; this brings errors back to the unit of each target."""
    baseline: tuple[float, ...] = ()
    """What always answering the most frequent class, or the mean, of train + validation scores on test, by metric."""
    columns: tuple[Column, ...] = ()
    """What was done to each column or array; empty where a record of an earlier version tells nothing of it."""
    target: str = ""
    """What the target was taken for, and how that was told."""
    warnings: tuple[str, ...] = ()
    """What should be looked at: rows left out, arrays that are not used, targets far from all others."""
    class_counts: tuple[int, ...] = ()
    """Samples of each class, in the order of `classes`."""
    duplicates: tuple[int, int] = (0, 0)
    """Validation samples that are among the training samples too, and test samples that are among the training or the
    validation samples, which the best is retrained on; targets included."""

    def leak(self, part: Literal["validation", "test"]) -> str:
        """Return a warning that duplicates make the score of a part too good; empty where there are few."""
        of = ("validation", "test").index(part)
        count, size = self.duplicates[of], self.samples[1 + of]
        if count <= SEVERAL * size:
            return ""
        known = "training" if part == "validation" else "training or validation"
        equal = f"equals a {known} sample" if count == 1 else f"equal {known} samples"
        return f"{count:,} of {size:,} {part} samples {equal}, target included: the {part} score may be too good"


@dataclass(frozen=True, slots=True)
class Machine:
    """Devices, cores and versions of a worker's machine."""

    devices: tuple[str, ...]
    cores: int
    torch: str
    native: str
    """The instruction set of the native engine, empty where it is absent."""
    native_reason: str
    """Why the native engine is absent, and how to get it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that a worker took at its peak, and that it could have taken of its device, its own included."""

    peak: int
    room: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file that holds one candidate after `epoch` epochs: where it is, its hash and its size in bytes."""

    path: str
    sha256: str
    bytes: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """One candidate of a job, and where its training goes on from."""

    number: int
    candidate: Candidate
    attempt: int = 1
    start_epoch: int = 0
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A bag of candidates for one worker; `seed` is the study's and draws the batch order."""

    id: int
    study: str
    task: TaskSpec
    assignments: tuple[Assignment, ...]
    epochs: int
    seed: int
    folder: str
    """Where checkpoints are written."""
    stage: Stage = "search"
    checkpoint_seconds: float = 5.0
    """A checkpoint is written after an epoch when this much training time has passed since the last."""
    epoch_samples: int = 0
    """An epoch sees so many training samples of the search at most, and a pass over more is several; 0: every one.

    The final stage, which has more samples, divides its passes as the search did: as many epochs are as many passes.
    """


def parts_of_a_pass(samples: int, epoch_samples: int) -> int:
    """Return in how many epochs samples are seen once, so that none has more than `epoch_samples`; 0 is without limit.

    No epoch has less than two samples: batch normalisation needs them.
    """
    return max(1, min(-(-samples // epoch_samples), samples // 2)) if epoch_samples else 1


@dataclass(frozen=True, slots=True)
class Probe:
    """Candidates of which a few steps are to be timed, all of them in about so many seconds; see `Job`."""

    task: TaskSpec
    candidates: tuple[Candidate, ...]
    seconds: float = 1.0
    epoch_samples: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Expected seconds of an epoch of one candidate: its training, of so many steps, and measuring it."""

    training: float
    evaluation: float
    steps: int

    @property
    def epoch(self) -> float:
        """Seconds of an epoch."""
        return self.training + self.evaluation


Timings = tuple[Timing | None, ...]
"""One for each candidate; None for one that cannot be trained, or for which no time was left."""


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """Metrics of one candidate after `epoch` epochs; `seconds` is its own share of the time."""

    number: int
    attempt: int
    epoch: int
    metrics: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint of a candidate that goes on training is on disk."""

    number: int
    attempt: int
    checkpoint: Checkpoint


Ending = Literal["COMPLETE", "PRUNED", "FAIL", "ENDED"]
"""How a training ends: it came to its last epoch; it was given up; it could not go on; it was cut short."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """End of an assignment. `metrics` are those of the last epoch; `reason` says why it FAILed ("nan", "oom", …).

    One that ENDED has the epochs, metrics and checkpoint of what was last measured; nothing of a part of an epoch.
    """

    number: int
    attempt: int
    state: Ending
    epochs: int
    metrics: Mapping[str, float]
    seconds: float
    reason: str = ""
    checkpoint: Checkpoint | None = None
    engine: str = "solo"
    cohort_seconds: float = 0.0
    """Wall time of its cohort while it was in it; `seconds` is its own share."""


Blame = Literal["job", "machine"]
"""Whose fault a loss may be: the job's own, or only that of what it ran on: a node that left, a cluster that went."""


@dataclass(frozen=True, slots=True)
class JobLost:
    """The worker of a job died; what it had not finished must be done again."""

    job: int
    reason: str
    blame: Blame = "job"


Event = EpochMetrics | Saved | Outcome
