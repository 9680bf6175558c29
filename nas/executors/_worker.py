"""The program of a worker process: `python -m nas.executors._worker FD` trains what comes through a socket.

A thread of its own reads the socket, so that the end of the controller, however sudden, is the end of the worker.
"""

import os
import signal
import sys
from collections.abc import Collection
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Thread

from nas.executors._wire import Described, JobDone, Ready, Stop
from search_spaces.errors import NasError
from workers.messages import Job, TaskSpec

Inbox = SimpleQueue[Job | TaskSpec | Stop]


def main() -> None:
    """Serve one controller until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; draining is the controller's task
    connection: Connection = Connection(int(sys.argv[1]))
    inbox: Inbox = SimpleQueue()
    Thread(target=_read, args=(connection, inbox), daemon=True).start()
    _serve(connection, inbox)


def _read(connection: Connection, inbox: Inbox) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the controller is gone: nobody is left to report to


def _serve(connection: Connection, inbox: Inbox) -> None:
    from workers.train import Worker

    worker = Worker()
    connection.send(Ready(os.getpid()))
    while True:
        match inbox.get():
            case Job() as job:
                training = worker.train(job)
                events = next(training, None)
                while events is not None:
                    connection.send(events)
                    try:
                        events = training.send(_stops(inbox))
                    except StopIteration:
                        events = None
                connection.send(JobDone(job.id))
            case TaskSpec() as spec:
                connection.send(_described(worker.describe, spec))
            case Stop():
                pass  # of a job that has ended meanwhile


def _stops(inbox: Inbox) -> Collection[int]:
    """Take the stops that have arrived; never wait: the device does not wait for the controller."""
    numbers: set[int] = set()
    while True:
        try:
            message = inbox.get_nowait()
        except Empty:
            return numbers
        assert isinstance(message, Stop), "a busy worker is sent nothing but stops"
        numbers |= message.numbers


def _described(describe: "object", spec: TaskSpec) -> Described:
    try:
        return Described(describe(spec))  # type: ignore[operator]
    except NasError as error:
        return Described(None, str(error))


if __name__ == "__main__":
    main()
