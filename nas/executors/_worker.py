"""The program of a worker process: `python -m nas.executors._worker FD DEVICE` trains what comes through a socket.

A thread of its own reads the socket, so that the end of the controller, however sudden, is the end of the worker.
"""

import os
import signal
import sys
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread

from nas.executors._serving import Inbox, serve


def main() -> None:
    """Serve one controller until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; draining is the controller's task
    connection: Connection = Connection(int(sys.argv[1]))
    inbox: Inbox = SimpleQueue()
    Thread(target=_read, args=(connection, inbox), daemon=True).start()
    serve(connection, inbox, device=sys.argv[2])


def _read(connection: Connection, inbox: Inbox) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the controller is gone: nobody is left to report to


if __name__ == "__main__":
    main()
