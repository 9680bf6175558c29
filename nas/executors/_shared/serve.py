"""Serve loop of a worker, wherever it runs: train jobs, describe tasks, send events, obey stops."""

import os
from collections.abc import Collection
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from nas.executors._shared.messages import Answer, Described, End, JobDone, Probed, Ready, Report
from search_spaces.errors import NasError
from workers.cancellation import CancellationRequests
from workers.errors import TaskError
from workers.messages import Job, Probe, TaskSpec

if TYPE_CHECKING:
    from workers.worker import Worker

_PATIENCE = 0.25
"""Share of the last epoch's time that a worker waits for the controller's answer: long enough for a decision that is
on its way, too short to matter when the controller is busy."""


class Inbox:
    """Incoming messages in order; requests to end take effect at once, in the middle of whatever the worker does."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Job | TaskSpec | Probe | Answer] = SimpleQueue()
        self._cancellations: dict[int, CancellationRequests] = {}
        self._last = CancellationRequests()

    def put(self, message: Job | TaskSpec | Probe | Answer | End) -> None:
        """Take a message in; called by the thread that listens."""
        match message:
            case End():
                self._last.add(message.numbers)
                return
            case Job():
                self._last = self._cancellations[message.id] = CancellationRequests()
        self._queue.put(message)

    def get(self, timeout: float | None = None) -> Job | TaskSpec | Probe | Answer:
        """Return the next message; raise `Empty` where none has come in time."""
        return self._queue.get(timeout=timeout) if timeout != 0.0 else self._queue.get_nowait()

    def cancellations(self, job: Job) -> CancellationRequests:
        """Return what tells whom of a job to end."""
        return self._cancellations.pop(job.id)


class Outbox(Protocol):
    """Takes messages to the controller."""

    def send(self, message: Any, /) -> None:
        """Send one message."""
        ...


def serve(outbox: Outbox, inbox: Inbox, *, device: str) -> None:
    """Do what comes in, one thing after another, for ever."""
    from workers.worker import Worker, warm_up

    worker = Worker(device)
    outbox.send(Ready(os.getpid()))
    while True:
        match inbox.get():
            case Job() as job:
                _train(worker, job, outbox, inbox)
            case TaskSpec() as spec:
                outbox.send(_described(worker, spec))
                warm_up()
            case Probe() as probe:
                outbox.send(Probed(worker.probe(probe)))
            case Answer():
                pass  # to a job that has ended meanwhile


def _train(worker: "Worker", job: Job, outbox: Outbox, inbox: Inbox) -> None:
    training = worker.train(job, inbox.cancellations(job))
    stops: Collection[int] | None = None
    for turn in count():
        began = monotonic()
        try:
            events = training.send(stops)  # type: ignore[arg-type]  # a generator is started by sending it None
        except StopIteration:
            break
        outbox.send(Report(turn, events))
        stops = _answer(inbox, turn, monotonic() + _PATIENCE * (monotonic() - began))
    outbox.send(JobDone(job.id, worker.memory()))


def _answer(inbox: Inbox, turn: int, until: float) -> Collection[int]:
    """Take the stops that have arrived; wait for the answer to this turn, but only for a moment."""
    stops: set[int] = set()
    heard = -1
    while True:
        try:
            message = inbox.get(max(0.0, until - monotonic()) if heard < turn else 0.0)
        except Empty:
            return stops
        assert isinstance(message, Answer), "a busy worker is sent nothing but answers"
        stops |= message.stops
        heard = message.turn


def _described(worker: "Worker", spec: TaskSpec) -> Described:
    try:
        return Described(worker.describe(spec))
    except TaskError as error:
        return Described(error)
    except NasError as error:
        return Described(TaskError(str(error)))
