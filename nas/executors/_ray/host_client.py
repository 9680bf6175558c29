"""Client of Ray's host process: start it, talk to it, and survive whatever happens to Ray."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic

from nas.executors._ray.messages import Beat, Cluster
from nas.executors._ray.session import end_session
from nas.executors._shared.import_path import import_path
from workers.temporary_folders import Scratch

_START = 60.0
"""Seconds that the child may be silent while it connects: Ray lets nothing else in Python run then."""
_LAST_WORDS = 400
"""Characters of its log that are quoted."""
_LONGEST = 30
"""Characters that a temporary folder's path may have: Ray puts sockets below it, whose paths have at most 107."""


class HostEnded(Exception):
    """The child is no more, or as good as that."""


class HostProcess:
    """One child process; it dies with the controller, and takes what it started along."""

    def __init__(self, cluster: Cluster, token: str = "") -> None:
        self._scratch = Scratch("nas-ray-", _short_folder())
        self.folder = self._scratch.path
        self._silence = cluster.silence
        ours, theirs = socket.socketpair()
        with open(self.folder / "child.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nas.executors._ray.host", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                cwd=self.folder,  # Ray puts the working folder of its driver on the import path of every worker
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is not for Ray, and what Ray starts can be found
                env=_environment(os.environ, self._token(cluster, token)),
            )
        theirs.close()
        self._connection: Connection = Connection(ours.detach())
        self._sending = Lock()
        self._closing = Event()
        self._last_sign_at = self._looked_at = monotonic()
        self._begun = False
        self.send(cluster, str(self.folder))
        self._beating = Thread(target=self._beat, daemon=True)
        self._beating.start()

    def send(self, *messages: object) -> None:
        """Send messages; that the process is dead is noticed by `receive`."""
        with self._sending, suppress(OSError):
            for message in messages:
                self._connection.send(message)

    def receive(self, timeout: float) -> list[object]:
        """Return what it has said, waiting for a first message; raise `HostEnded` if there will be nothing more."""
        messages: list[object] = []
        try:
            while self._connection.poll(0 if messages else timeout):
                messages.append(self._connection.recv())
        except (EOFError, OSError):
            if not messages:
                raise HostEnded(self._ending()) from None
        self._require_a_sign(messages)
        return messages

    def close(self) -> None:
        """End it, and whatever it has started on this machine."""
        self._closing.set()
        self._beating.join()
        self._connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(8.0)  # it takes its leave of the cluster
        self.process.kill()
        self.process.wait()
        end_session(self.process.pid)
        self._scratch.close()

    def _beat(self) -> None:
        while not self._closing.wait(self._silence / 5):
            self.send(Beat())

    def _require_a_sign(self, messages: list[object]) -> None:
        """Give the child up when it has been silent for long; but not when it was we who did not listen."""
        now = monotonic()
        self._begun = self._begun or any(not isinstance(message, Beat) for message in messages)
        silence = self._silence if self._begun else max(self._silence, _START)
        if messages or now - self._looked_at > self._silence / 2:
            self._last_sign_at = now
        self._looked_at = now
        if now - self._last_sign_at > silence:
            self.process.kill()
            raise HostEnded(f"Ray's child process was silent for {silence:g} s")

    def _ending(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        code = self.process.poll()
        how = (
            "closed its end" if code is None else f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        )
        words = (self.folder / "child.log").read_text(errors="replace").strip()[-_LAST_WORDS:] if code else ""
        return f"Ray's child process {how}" + (f": …{words}" if words and code and code > 0 else "")

    def _token(self, cluster: Cluster, token: str) -> Mapping[str, str]:
        """Have every process of the cluster know the token; a cluster of our own has one of its own."""
        if not cluster.address:
            path = self.folder / "token"
            path.touch(mode=0o600)
            path.write_text(token_hex(32))
            return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(path)}
        if token:
            return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": os.path.abspath(token)}
        known = "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ
        known = known or (Path.home() / ".ray" / "auth_token").exists()
        return {"RAY_AUTH_MODE": "token"} if known and "RAY_AUTH_MODE" not in os.environ else {}


def _short_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _LONGEST else "/tmp"


def _environment(inherited: Mapping[str, str], token: Mapping[str, str]) -> dict[str, str]:
    """One thread per worker, our code on its path, and no news to Ray's makers of how it is used.

    Whoever calls Ray after it was shut down would have it start a cluster of this machine, which nobody would end.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if name != "RAY_AUTH_TOKEN" or "RAY_AUTH_TOKEN_PATH" not in token
    }
    return {
        **kept,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONPATH": import_path(),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_AUTO_CONNECT": "0",
        **token,
    }
