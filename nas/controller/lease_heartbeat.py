"""Lease heartbeat: renew the study's lease in a background thread, and poll for requests to stop."""

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

from nas.errors import LeaseLost, StorageError
from nas.storage import Lease, Storage


def release(storage: Storage, lease: Lease) -> None:
    """Give a lease back; where the database is away it expires by itself, and the search has said so already."""
    with suppress(StorageError):
        storage.release(lease)


@dataclass(slots=True)
class LeaseHeartbeat:
    """Renews the lease every `interval` seconds in a thread of its own, from `start` until `close`."""

    storage: Storage
    lease: Lease
    interval: float = 1.0
    requested: str = ""
    """What another process asks for: "stop" or nothing."""
    lost: bool = False
    _closing: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Start renewing."""
        self._thread = Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop renewing; the lease is the caller's to release."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def renew(self) -> None:
        """Renew the lease once, and read what is requested."""
        try:
            with suppress(StorageError):  # the lease outlives a short outage; a long one ends the next write
                self.requested = self.storage.renew(self.lease) or self.requested
        except LeaseLost:
            self.lost = True

    def _renew(self) -> None:
        while not self.lost and not self._closing.wait(self.interval):
            self.renew()
