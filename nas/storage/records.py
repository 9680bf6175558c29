"""Records that the storage returns: a study, a lease, an artifact, an event, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from workers.messages import TaskInfo

FORKED = "study.forked"
"""The kind of the event that a forked study begins with."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

StudyState = Literal["RUNNING", "STOPPED", "FINISHED", "FAILED"]


@dataclass(frozen=True, slots=True)
class Owner:
    """One process, so described that another one on the same machine can tell whether it still lives."""

    host: str
    pid: int
    started: str
    """When the kernel started the process, in its own clock ticks; empty where that cannot be read."""
    boot: str
    """Which boot of which machine and which process namespace the pid belongs to."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a study, until it expires or is taken over; `epoch` grows with every owner."""

    study_id: int
    epoch: int
    owner: Owner
    token: str


@dataclass(frozen=True, slots=True, repr=False)
class StudyRecord:
    """A study as it is stored."""

    id: int
    name: str
    state: StudyState
    config: Mapping[str, Json]
    task: TaskInfo
    environment: Mapping[str, Json]
    requested: str
    """What a user asked the controller to do: "stop", or empty."""
    seconds: float
    """Wall time over all runs so far."""
    result: Mapping[str, Json]
    created_at: datetime
    updated_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    """Number of trials in each state, by the state's name."""
    holder: Owner | None = None
    """Who holds a lease that has not expired; None says that no controller runs the study, whatever `state` says."""

    def __repr__(self) -> str:
        """Describe it in one line, as a notebook shows it."""
        trials = sum(self.counts.values())
        told = f"name={self.name!r}, state={self.state!r}, trials={trials}, seconds={self.seconds:.1f}"
        return f"StudyRecord({told}, result={dict(self.result).get('test')!r})"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that belongs to a trial: a checkpoint, a retrained network, an export."""

    number: int
    kind: str
    path: str
    sha256: str = field(repr=False)
    bytes: int = field(repr=False)
    epoch: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class StudyEvent:
    """Something that happened to a study, in the order of `id`."""

    id: int
    at: datetime
    kind: str
    content: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class StorageStatus:
    """Result of `nas db status`. `schema` is what the file has, `newest` what this version of the project writes."""

    url: str
    schema: str
    newest: str
    studies: int
    trials: int
    points: int
    bytes: int
