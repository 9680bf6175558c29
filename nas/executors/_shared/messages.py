"""Messages between an executor and its workers, beside jobs and events."""

from dataclasses import dataclass

from workers.errors import TaskError
from workers.messages import Event, Memory, TaskInfo, Timings

WARM_UP = b"warm up"
"""The other request to a fork server, beside those for workers."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has begun; `pid` is its process."""

    pid: int


@dataclass(frozen=True, slots=True)
class Alive:
    """The worker lives; said once a second, whatever it does."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """The worker ends with an error that nobody thought of; said last."""

    error: str


@dataclass(frozen=True, slots=True)
class Report:
    """Events of one turn of a training, from worker to controller."""

    turn: int
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Answer:
    """The controller has seen all reports up to this turn; these trials are to end after the epoch they are in."""

    turn: int
    stops: frozenset[int]


@dataclass(frozen=True, slots=True)
class End:
    """These trials of the job that was given last are to end at once."""

    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Described:
    """The answer to a `TaskSpec`: what the task holds, or why it cannot be used."""

    found: TaskInfo | TaskError


@dataclass(frozen=True, slots=True)
class Probed:
    """The answer to a `Probe`."""

    timings: Timings


@dataclass(frozen=True, slots=True)
class JobDone:
    """Every assignment of the job has had its outcome; `memory` is what the worker has taken so far."""

    job: int
    memory: Memory
