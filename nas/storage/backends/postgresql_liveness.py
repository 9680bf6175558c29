"""Liveness of PostgreSQL connections: notice a frozen server, or a network that drops everything."""

import secrets
from collections.abc import Generator, Mapping
from contextlib import suppress
from select import select
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.errors import OperationalError

QUIET = 2.0
"""Seconds without an answer after which the server is asked, over another connection, whether it is still at work."""
ASKING = 3
"""Seconds that this may take; libpq takes no fewer than two."""
_ON_ITS_WAY = 1.0  # seconds in which what the server has already answered must arrive
_WORKS = """
SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Client' FROM pg_stat_activity WHERE application_name = %s
"""
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ANY(%s)"

T = TypeVar("T")


class ConnectionFactory:
    """Makes connections to one server, and ends there what it had to give up here, as that may hold locks."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters, self._abandoned = dict(parameters), list[str]()

    def open(self) -> "MonitoredConnection":
        """Connect under a name of its own, by which the server can be asked about it."""
        name = f"{self._parameters.get('application_name', 'nas')} {secrets.token_hex(4)}"
        made = MonitoredConnection.connect(**{**self._parameters, "application_name": name})
        made.factory, made.name = self, name
        if self._abandoned:
            self._end_abandoned(made)
        return made

    def abandon(self, name: str) -> None:
        """Give the connection of this name up; the server may not know yet."""
        self._abandoned.append(name)

    def is_at_work(self, name: str) -> bool:
        """Ask the server whether it is at work for a connection, or waits for it as we do; raise if it does not say."""
        soon = min(ASKING, int(self._parameters.get("connect_timeout", ASKING)))
        try:
            with MonitoredConnection.connect(**{**self._parameters, "connect_timeout": soon}) as other:
                found = other.execute(_WORKS, [name]).fetchone()
        except OperationalError as error:
            if _says_full(error):
                return True
            raise
        return bool(found and found[0])

    def _end_abandoned(self, connection: psycopg.Connection[Any]) -> None:
        abandoned = list(self._abandoned)
        connection.execute(_END, [abandoned])
        connection.commit()
        self._abandoned = [name for name in self._abandoned if name not in abandoned]


class MonitoredConnection(psycopg.Connection[Any]):
    """Waits for a server that is at work for as long as that takes, but not for one that is gone without a word."""

    factory: ConnectionFactory | None = None
    name = ""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait for what psycopg has to do on the socket, and look up whenever that is quiet for long."""
        return super().wait(self._watched(gen), *args, **kwargs)

    def _watched(self, work: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        heard = monotonic()
        try:
            wanted = next(work)
            while True:
                ready = yield wanted
                if ready:
                    heard = monotonic()
                elif monotonic() - heard > QUIET:
                    self._require_at_work()
                    heard = monotonic()
                wanted = work.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _require_at_work(self) -> None:
        """Give the connection up unless the server says that it is busy with it, or its answer has just come."""
        with suppress(OperationalError):
            if self.factory is not None and (
                self.factory.is_at_work(self.name) or select([self], [], [], _ON_ITS_WAY)[0]
            ):
                return
        self.pgconn.finish()
        if self.factory is not None:
            self.factory.abandon(self.name)
        raise OperationalError("it does not answer")


def _says_full(error: OperationalError) -> bool:
    """Return whether an error says that the server has no free connection."""
    return "too many clients" in str(error) or "remaining connection slots" in str(error)
