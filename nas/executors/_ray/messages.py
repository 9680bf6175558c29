"""Messages between the ray executor and its host process; those for workers are in `_shared.messages`."""

from dataclasses import dataclass, field, fields
from hashlib import sha256

from nas.executors._shared.messages import Answer, Described, End, JobDone, Probed, Ready, Report
from workers.messages import (
    Assignment,
    Blame,
    Checkpoint,
    Column,
    EpochMetrics,
    Job,
    Outcome,
    Probe,
    Saved,
    TaskInfo,
    TaskSpec,
    Timing,
)

_SPOKEN = (
    *(Answer, Described, End, JobDone, Probed, Ready, Report),
    *(Assignment, Checkpoint, EpochMetrics, Job, Outcome, Probe, Saved, Timing),
)


def language() -> str:
    """Return what two must agree in to understand each other: the shape of every message, as it is loaded here."""
    spoken = [(item.__name__, *(part.name for part in fields(item))) for item in (*_SPOKEN, Column, TaskInfo, TaskSpec)]
    return sha256(repr(spoken).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that the host process uses and what it asks of it; its first message."""

    address: str
    """Empty: start a cluster on this machine."""
    workers: int
    """0: as many as the cluster has room for."""
    cpus: float
    gpus: float
    silence: float
    """Seconds after which one who says nothing counts as gone."""
    language: str = field(default_factory=language)
    """The controller's."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Somebody is alive: the controller, the child, or a worker."""


@dataclass(frozen=True, slots=True)
class ToWorker:
    """A message of the controller, to be passed on to a worker."""

    worker: int
    message: Job | TaskSpec | Probe | Answer | End


@dataclass(frozen=True, slots=True)
class FromWorker:
    """Messages of a worker, in order."""

    worker: int
    messages: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Ask that a worker be ended: the controller wants nothing more of it."""

    worker: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """The node of a worker will be taken away soon."""

    worker: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A worker is no more."""

    worker: int
    reason: str
    blame: Blame


@dataclass(frozen=True, slots=True)
class Broken:
    """The cluster cannot be used, or not any more; the child ends."""

    reason: str
    hopeless: bool = False
    """No later attempt can succeed."""
