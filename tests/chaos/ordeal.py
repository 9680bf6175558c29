"""One long search over a network that can be disturbed, and how it is seen to go on after each fault."""

import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from invariants import Finished, invariants
from outside import Desk, Run, small, wait_for
from postgres_server import Server
from sqlalchemy import func, make_url, select
from tcp_proxy import Proxy

from nas.storage import Storage, tables

ENDLESS = {"task": "digits", "batch_size": 4, "trials": 100_000, "epochs": 30, "executor": "{process: {workers: 1}}"}
_NOTICED = ("trying again", "not up to date")
"""What it says of its own tables and of the dashboard's."""


@dataclass(slots=True)
class Ordeal:
    """A search that runs until the test ends it; what is looked up does not go through the disturbed network."""

    desk: Desk
    server: Server
    proxy: Proxy
    run: Run
    seen: Finished = field(default_factory=dict)
    told: int = 0
    """How often it had said that its database is away when the last fault was over."""

    @classmethod
    def begin(cls, folder: Path, server: Server, *, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()) -> "Ordeal":
        """Start the search, and wait until it has recorded something; it reaches the network at `host`."""
        proxy = Proxy(server.port, host=host)
        desk = Desk(folder, address=server.database())
        url = make_url(desk.url).set(host=host, port=proxy.port).render_as_string(hide_password=False)
        run = desk.start("run", desk.write(small(**ENDLESS)), "--storage", url, "--json", prefix=prefix)
        run.wait_event("trial.finished")
        return cls(desk, server, proxy, run)

    def settle(self) -> None:
        """Forget what was said of earlier faults."""
        self.told = self.warnings

    def notice(self, within: float = 60.0) -> float:
        """Wait until the search says that its database is away; return after how many seconds."""
        began = time.monotonic()
        wait_for(lambda: self.run.lives() and self.warnings > self.told, within)
        return time.monotonic() - began

    def go_on(self) -> None:
        """Wait until the search records new epochs, by itself, and check all that must hold."""
        before = self._epochs()
        wait_for(lambda: self.run.lives() and self._epochs() > before + 1)
        self.seen = invariants(self.desk.url, before=self.seen)

    def end(self) -> None:
        """Ask the search to stop, as a user does, and check what it leaves."""
        self.run.process.send_signal(signal.SIGINT)
        assert self.run.end() == 130, self.run.stderr
        assert "Traceback" not in self.run.stderr
        assert "canary" not in self.run.stderr
        invariants(self.desk.url, before=self.seen, ended=True)

    def close(self) -> None:
        self.desk.close()
        self.proxy.close()

    @property
    def warnings(self) -> int:
        """Count how often the search has said that its database is away."""
        return sum(self.run.stderr.count(said) for said in _NOTICED)

    def _epochs(self) -> int:
        with Storage.open(self.desk.url) as storage, storage.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.epoch)).scalar_one())
