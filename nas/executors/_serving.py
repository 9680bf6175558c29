"""What a worker does, wherever it runs: train jobs, look at tasks, tell what happens, and hear whom to stop."""

import os
from collections.abc import Collection
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from nas.executors._wire import Answer, Described, JobDone, Ready, Report
from search_spaces.errors import NasError
from workers.messages import Job, TaskSpec

if TYPE_CHECKING:
    from workers.train import Worker

Inbox = SimpleQueue[Job | TaskSpec | Answer]
_PATIENCE = 0.25
"""Share of the last epoch's time that a worker waits for the controller's answer: long enough for a decision that is
on its way, too short to matter when the controller is busy."""


class Outbox(Protocol):
    """Takes messages to the controller."""

    def send(self, message: Any, /) -> None:
        """Send one message."""
        ...


def serve(outbox: Outbox, inbox: Inbox, *, device: str) -> None:
    """Do what comes in, one thing after another, for ever."""
    from workers.train import Worker, warm_up

    worker = Worker(device)
    outbox.send(Ready(os.getpid()))
    while True:
        match inbox.get():
            case Job() as job:
                _train(worker, job, outbox, inbox)
            case TaskSpec() as spec:
                outbox.send(_described(worker, spec))
                warm_up()
            case Answer():
                pass  # to a job that has ended meanwhile


def _train(worker: "Worker", job: Job, outbox: Outbox, inbox: Inbox) -> None:
    training = worker.train(job)
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
            message = inbox.get(timeout=max(0.0, until - monotonic())) if heard < turn else inbox.get_nowait()
        except Empty:
            return stops
        assert isinstance(message, Answer), "a busy worker is sent nothing but answers"
        stops |= message.stops
        heard = message.turn


def _described(worker: "Worker", spec: TaskSpec) -> Described:
    try:
        return Described(worker.describe(spec))
    except NasError as error:
        return Described(None, str(error))
