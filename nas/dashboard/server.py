"""Server of the dashboard: optuna-dashboard behind its guard, on waitress, with limits for every visitor.

A request has to be there within some seconds, however slowly it comes; the fewer connections are free, the sooner.
Answers wait in files, not in threads, for those who read them slowly.
"""

import resource
from collections.abc import Collection
from threading import Event
from types import TracebackType
from typing import Any, Self
from wsgiref.types import WSGIApplication

from waitress.adjustments import Adjustments  # type: ignore[import-untyped]  # it ships no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

from nas.dashboard.guard import LARGEST, LOOPBACK, READING, Guard
from nas.dashboard.optuna_study import tables
from nas.errors import DashboardUnusable
from nas.storage import Storage

_DEADLINE = 10
"""Seconds in which a request has to be there, from the connection or the answer before."""
_CROWDED = 4.0
"""The same while half of the connections are taken, and for one that waits for a next request."""
_LOOK = 1
_CONNECTIONS = 256
_WAITING = 32
"""Connections that the system keeps for us beyond those; whoever comes after them has to try again."""
_THREADS = 16
_HEAD = 64 * 1024  # bytes
_ANSWERS = 1 << 30  # bytes of answers that wait to be read, by one visitor
_CLOSING = 1.0  # seconds


def serve(url: str, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve optuna-dashboard on a storage until interrupted; whoever reaches it can read, and change nothing."""
    with server(url, host=host, port=port) as running:
        running.serve_forever()


def server(
    url: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    token: str = "",
    names: Collection[str] = (),
    methods: Collection[str] = READING,
) -> "DashboardServer":
    """Return the guarded server, listening but not serving yet; port 0 takes a free one, `server_port` says which.

    It answers to the names of this machine's loopback, to `names`, and to those who have the token, if there is one.

    Raises:
        DashboardUnusable: the address cannot be listened on, or not without a token.
        StorageError: the storage cannot be opened.
    """
    if host not in LOOPBACK and not token:
        raise DashboardUnusable(f"cannot listen on {host}: others reach it, so it needs a token (--token-file FILE)")
    with Storage.open(url, create=False) as storage:
        application = _application(storage)
    guard = Guard(application, token, (*LOOPBACK, *names), methods)
    try:
        return DashboardServer(guard, host, port)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DashboardUnusable(f"cannot listen on {host}:{port}: {reason}") from error


class DashboardServer:
    """Listens from its construction on, and answers while `serve_forever` runs."""

    def __init__(self, application: WSGIApplication, host: str, port: int) -> None:
        self._ended = Event()
        self._dispatcher = ThreadedTaskDispatcher()
        shown = f"[{host}]" if ":" in host else host
        settings = Adjustments(
            listen=f"{shown}:{port}",
            ident=None,
            backlog=_WAITING,
            connection_limit=_most_connections(),
            channel_timeout=_DEADLINE,
            cleanup_interval=_LOOK,
            max_request_header_size=_HEAD,
            max_request_body_size=LARGEST,
            outbuf_high_watermark=_ANSWERS,
            log_socket_errors=False,
        )
        self._server = _Server(application, adj=settings, dispatcher=self._dispatcher)
        self._dispatcher.set_thread_count(_THREADS)
        self.server_port = int(self._server.effective_port)

    def serve_forever(self) -> None:
        """Answer until `shutdown` is called, from another thread."""
        while not self._ended.is_set():
            self._server.asyncore.loop(timeout=_LOOK, map=self._server._map, use_poll=True, count=1)

    def shutdown(self) -> None:
        """Make `serve_forever` return."""
        self._ended.set()
        self._server.pull_trigger()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._dispatcher.shutdown(timeout=_CLOSING)
        self._server.asyncore.close_all(self._server._map)


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # as above
    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request; a length of thousands of digits is a mistake of it, as any other."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("a header makes no sense") from error


class _Channel(HTTPChannel):  # type: ignore[misc]  # as above
    """A connection; a part of a request is no sign of life."""

    parser_class = _Parser
    last_activity: float

    def handle_read(self) -> None:
        before = self.last_activity
        super().handle_read()
        if self.request is not None:  # it is not whole yet
            self.last_activity = before

    @property
    def waits(self) -> bool:
        """Return whether the connection waits for a request: none is being answered."""
        return not (self.requests or self.total_outbufs_len)


class _Server(TcpWSGIServer):  # type: ignore[misc]  # as above
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """End the connections whose request is not there in time."""
        super().maintenance(now)
        if len(self.active_channels) < self.adj.connection_limit // 2:
            return
        for channel in list(self.active_channels.values()):
            if channel.waits and channel.last_activity < now - _CROWDED:
                channel.will_close = True


def _application(storage: Storage) -> WSGIApplication:
    """Return optuna-dashboard on the tables of a storage; what it raises is the guard's to answer."""
    from optuna_dashboard import wsgi  # type: ignore[import-untyped]  # it ships no types

    application: Any = wsgi(tables(storage))
    application.catchall = False
    return application  # type: ignore[no-any-return]


def _most_connections() -> int:
    """Leave half of the files that this process may open to the database."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _CONNECTIONS if allowed == resource.RLIM_INFINITY else max(8, min(_CONNECTIONS, allowed // 2))
