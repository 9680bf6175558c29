"""File checks of an SQLite database: an allowed place, and still the same file that was opened."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from nas.errors import StorageError, StudyNotFound

_LINUX = ("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2")
_OTHERS = ("cephfs", "davfs", "gcsfuse", "glusterfs", "juicefs", "orangefs", "panfs", "pvfs2", "rclone", "s3fs")
_SHARED = frozenset((*_LINUX, *_OTHERS, "smb3", "smbfs", "smbnetfs", "sshfs", "wekafs"))
"""File systems that several machines see; the log and the locks of SQLite hold on one machine alone."""
_MOUNTS = Path("/proc/self/mountinfo")


class DatabaseFile:
    """A file that exists, and must stay the one that was opened."""

    def __init__(self, path: Path) -> None:
        status = path.stat()
        self._path, self._identity, self._size = path, (status.st_dev, status.st_ino), status.st_size

    def require_same(self) -> None:
        """Raise StorageError where somebody has deleted, replaced or truncated it, before more is written to it."""
        try:
            status = os.stat(self._path)
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            raise StorageError(
                f"{self._path} was deleted or replaced while it was in use: nothing more is written to it"
            )
        if status.st_size < self._size and not _is_whole(self._path):
            raise StorageError(
                f"{self._path} was truncated while it was in use: restore a backup, without the -wal and -shm beside it"
            )
        self._size = status.st_size


def require(path: Path, *, create: bool) -> None:
    """See that there is a file, or with `create` make one, on a disk of this machine.

    Raises:
        StudyNotFound: it is missing and must not be created.
        StorageError: it cannot be there.
    """
    if path.is_dir():
        raise StorageError(f"{path} is a folder, not a database file")
    if path.exists() and not path.is_file():
        raise StorageError(f"{path} is no plain file: a study needs one of its own (try 'sqlite:///nas.db')")
    if path.parent.is_dir():
        _require_local(path)
    if path.exists():
        return
    if not create:
        raise StudyNotFound(
            f"there is no database {path} (give another with --storage, or start a study with `nas run`)"
        )
    if not path.parent.is_dir():
        raise StorageError(f"cannot create {path}: the folder {path.parent} does not exist")
    _create(path)


def may_be_written(path: Path) -> bool:
    """Return whether file and folder may be written; where a log lies beside it, somebody else may write both."""
    log = path.with_name(f"{path.name}-wal")
    return (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)) or (log.exists() and log.stat().st_size > 0)


def file_system(path: Path, mounts: Path = _MOUNTS) -> tuple[str, str]:
    """Return the kind of file system that a path is on and where that is mounted; nothing where Linux does not say."""
    try:
        known = list(_mounts(mounts.read_text("utf-8", "surrogateescape")))
    except OSError:
        return "", ""
    whole = path.resolve()
    over = [(kind, point) for point, kind in reversed(known) if whole.is_relative_to(point)]
    return max(over, key=lambda mount: len(mount[1]), default=("", ""))


def _create(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StorageError(
            f"{path} is gone, and {log.name} is still there: bring the file back, or delete that too to begin anew"
        )
    try:
        path.touch()
    except OSError as error:
        raise StorageError(f"cannot create {path}: {error.strerror or error}") from error


def _require_local(path: Path) -> None:
    kind, point = file_system(path)
    if kind.removeprefix("fuse.") not in _SHARED or (
        kind == "9p" and point == "/"
    ):  # the root of a sandbox is shared with nobody
        return
    raise StorageError(
        f"{path} is on a network file system ({kind} at {point}), where SQLite loses what is written: "
        "put it on a disk of this machine, or use PostgreSQL"
    )


def _mounts(table: str) -> Iterator[tuple[str, str]]:
    """Return mount points and kinds; spaces in the former are written as octal numbers."""
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        if after and len(before.split(" ")) > 4:
            point = before.split(" ")[4].encode("latin-1", "backslashreplace").decode("unicode_escape")
            yield point, after.split(" ")[0]


def _is_whole(path: Path) -> bool:
    """Read all of it anew; it may also be smaller because somebody has vacuumed it."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10.0)) as connection:
            return [row[0] for row in connection.execute("PRAGMA integrity_check(1)")] == ["ok"]
    except sqlite3.Error:
        return False
