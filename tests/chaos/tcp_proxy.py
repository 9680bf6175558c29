"""A network between a search and its database that can be made slow, deaf or cut: a small TCP proxy."""

import contextlib
import socket
import struct
import time
from threading import Event, Thread
from typing import Literal

Fault = Literal["none", "slow", "half-open", "deaf", "cut"]


class Proxy:
    """Carries what is sent to a port of this machine, and back.

    slow: every packet takes longer. half-open: what connections that stand carry is lost, new ones work.
    deaf: as half-open, and new ones are never answered. cut: all are reset, new ones are refused.
    """

    def __init__(self, port: int, *, host: str = "127.0.0.1") -> None:
        self._port, self._connections = port, list[socket.socket]()
        self._fault: Fault = "none"
        self._lost = set[socket.socket]()
        self._closed = Event()
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, name="proxy", daemon=True).start()

    def set(self, fault: Fault) -> None:
        """Begin a fault, or end one; what was lost stays lost."""
        self._fault = fault
        if fault in ("half-open", "deaf"):
            self._lost |= set(self._connections)
        if fault == "cut":
            for connection in list(self._connections):
                _reset(connection)

    def close(self) -> None:
        """End every connection, and listen no more."""
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # which wakes who accepts
        self._listener.close()
        for connection in list(self._connections):
            _reset(connection)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._fault == "cut":
                _reset(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                _reset(near)
                continue
            self._connections += [near, far]
            if self._fault == "deaf":
                self._lost |= {near, far}
            for source, sink in ((near, far), (far, near)):
                Thread(target=self._carry, args=(source, sink), name="carry", daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while packet := source.recv(65536):
                if self._fault == "slow":
                    time.sleep(0.05)
                if source not in self._lost:
                    sink.sendall(packet)
            if source not in self._lost:
                sink.shutdown(socket.SHUT_WR)
                return
        if source not in self._lost:
            _reset(sink)


def _reset(connection: socket.socket) -> None:
    """End a connection at once, as a router does that has forgotten it."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
