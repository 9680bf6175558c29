"""The program of a worker process: `python -m nas.executors._worker FD DEVICE` trains what comes through a socket.

A thread of its own reads the socket, so that the end of the controller, however sudden, is the end of the worker.
"""

import os
import signal
import sys
from collections.abc import Collection
from itertools import count
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from nas.executors._wire import Answer, Described, JobDone, Ready, Report
from search_spaces.errors import NasError
from workers.messages import Job, TaskSpec

if TYPE_CHECKING:
    from workers.train import Worker

Inbox = SimpleQueue[Job | TaskSpec | Answer]
_PATIENCE = 0.25
"""Share of the last epoch's time that a worker waits for the controller's answer: long enough for a decision that is
on its way, too short to matter when the controller is busy."""


def main() -> None:
    """Serve one controller until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; draining is the controller's task
    connection: Connection = Connection(int(sys.argv[1]))
    inbox: Inbox = SimpleQueue()
    Thread(target=_read, args=(connection, inbox), daemon=True).start()
    _serve(connection, inbox, device=sys.argv[2])


def _read(connection: Connection, inbox: Inbox) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the controller is gone: nobody is left to report to


def _serve(connection: Connection, inbox: Inbox, *, device: str) -> None:
    from workers.train import Worker

    worker = Worker(device)
    connection.send(Ready(os.getpid()))
    while True:
        match inbox.get():
            case Job() as job:
                _train(worker, job, connection, inbox)
            case TaskSpec() as spec:
                connection.send(_described(worker, spec))
                worker.warm_up()
            case Answer():
                pass  # to a job that has ended meanwhile


def _train(worker: "Worker", job: Job, connection: Connection, inbox: Inbox) -> None:
    training = worker.train(job)
    stops: Collection[int] | None = None
    for turn in count():
        began = monotonic()
        try:
            events = training.send(stops)  # type: ignore[arg-type]  # a generator is started by sending it None
        except StopIteration:
            break
        connection.send(Report(turn, events))
        stops = _answer(inbox, turn, monotonic() + _PATIENCE * (monotonic() - began))
    connection.send(JobDone(job.id))


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


if __name__ == "__main__":
    main()
