"""A connection to PostgreSQL that notices when nobody answers: a frozen server, a network that swallows all."""

from collections.abc import Callable, Generator
from select import select
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg.errors import OperationalError

QUIET = 2.5
"""Seconds without an answer after which the server is asked, over another connection, whether it is still at work."""
ASKING = 3
"""Seconds that this may take; libpq takes no fewer than two."""
_ON_ITS_WAY = 1.0  # seconds in which what the server has already answered must arrive

T = TypeVar("T")


class HeardConnection(psycopg.Connection[Any]):
    """Waits for a server that is at work for as long as that takes, but not for one that is gone without a word."""

    _ask: Callable[[], psycopg.Connection[Any]] | None = None

    @classmethod
    def open(cls, *where: str, **parameters: Any) -> Self:
        """Connect as psycopg does; the same parameters lead to the server when it has become quiet."""
        made = cls.connect(*where, **parameters)
        asking = {**parameters, "connect_timeout": min(ASKING, int(parameters.get("connect_timeout", ASKING)))}
        made._ask = lambda: cls.connect(*where, autocommit=True, **asking)
        return made

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait for what psycopg has to do on the socket, and look up whenever that is quiet for long."""
        return super().wait(self._listened(gen), *args, **kwargs)

    def _listened(self, work: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        heard = monotonic()
        try:
            wanted = next(work)
            while True:
                ready = yield wanted
                if not ready and monotonic() - heard > QUIET:
                    self._require_at_work()
                if ready or monotonic() - heard > QUIET:
                    heard = monotonic()
                wanted = work.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _require_at_work(self) -> None:
        """Give the connection up unless the server says that it is busy with it, or its answer has just come."""
        if self._is_served() or select([self], [], [], _ON_ITS_WAY)[0]:
            return
        self.pgconn.finish()
        raise OperationalError("it does not answer")

    def _is_served(self) -> bool:
        """Ask the server; a backend that waits for us, as our words or its own were lost, is ended with its locks."""
        if self._ask is None:
            return False
        pid = self.info.backend_pid
        try:
            with self._ask() as other:
                found = other.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
                if found is not None and found[0] == "active":
                    return True
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
        except OperationalError as error:
            return "too many clients" in str(error) or "remaining connection slots" in str(error)
        return False
