"""Main function of a forked worker process: train what comes through a socket, until the controller is gone.

A thread of its own reads the socket, so that the end of the controller, however sudden, is the end of the worker and
of all that it has started. Another says once a second that the worker lives.
"""

import os
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread
from time import sleep

from nas.executors._process.process_tree import MARK, adopt_orphans, end_offspring
from nas.executors._shared.messages import Alive, Crashed
from nas.executors._shared.serve import Inbox, serve

_BEAT = 1.0
_LONGEST = 300
"""Characters kept of what an error says."""


class ControllerConnection:
    """The way to the controller, for several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, Lock()

    def send(self, message: object) -> None:
        """Send one message whole."""
        with self._lock:
            self._connection.send(message)


def work(descriptor: int, device: str) -> None:
    """Serve one controller until it goes away."""
    adopt_orphans()
    os.set_inheritable(descriptor, False)  # what a user's code starts has nothing to do with the controller
    connection: Connection = Connection(descriptor)
    controller = ControllerConnection(connection)
    inbox = Inbox()
    Thread(target=_read, args=(connection, inbox), daemon=True).start()
    Thread(target=_live, args=(controller,), daemon=True).start()
    try:
        serve(controller, inbox, device=device)
    except BaseException as error:  # the controller tells of it; nobody reads what a worker prints
        if os.environ.get("NAS_TRACEBACK"):
            traceback.print_exception(error)
        with suppress(OSError):  # the controller may be gone, which is no error
            controller.send(Crashed(f"{type(error).__name__}: {' '.join(str(error).split())[:_LONGEST]}"))
    os._exit(1)


def _read(connection: Connection, inbox: Inbox) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):  # the controller is gone: nobody is left to report to
        end_offspring({os.getpid(): os.environ.get(MARK, "")})
        os._exit(0)


def _live(controller: ControllerConnection) -> None:
    """Give signs of life for as long as the controller is there, which the reader watches."""
    with suppress(OSError):
        while True:
            controller.send(Alive())
            sleep(_BEAT)
