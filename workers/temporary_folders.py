"""Temporary folders with cleanup: whoever makes one removes those that a killed process has left.

A folder is locked for as long as its maker lives, which the kernel sees to: one that can be locked is nobody's. Links
are not followed.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MADE = re.compile(r"[a-z0-9_]{8}", re.ASCII)
"""What the system's maker of temporary names adds to a prefix."""


class Scratch:
    """One temporary folder of this process."""

    def __init__(self, prefix: str, beside: Path | str | None = None) -> None:
        """Make it in a folder, by default that for temporary files, and sweep what was left there under this prefix."""
        home = Path(beside or tempfile.gettempdir())
        sweep(prefix, home)
        self.path, self._lock = _made(prefix, home)

    def close(self) -> None:
        """Remove it and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextmanager
def scratch(prefix: str, beside: Path | str | None = None) -> Iterator[Path]:
    """Yield a temporary folder, which is removed at the end."""
    made = Scratch(prefix, beside)
    try:
        yield made.path
    finally:
        made.close()


def sweep(prefix: str, home: Path) -> None:
    """Remove the temporary folders of this prefix and this user that no living process has locked."""
    with suppress(OSError):
        for entry in os.scandir(home):
            mine = entry.name.startswith(prefix) and _MADE.fullmatch(entry.name.removeprefix(prefix))
            if mine and entry.is_dir(follow_symlinks=False) and entry.stat().st_uid == os.getuid():
                _remove_if_left(Path(entry.path))


def _made(prefix: str, home: Path) -> tuple[Path, int | None]:
    """Make a folder and lock it; again where somebody sweeps it before it is locked."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        try:
            return path, _lock(path)
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError:  # a file system without locks: nobody can lock it, so nobody sweeps it
            return path, None


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):
        lock = _lock(folder)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int:
    """Lock a folder that is there; raise `OSError` where another has it, or it was removed meanwhile."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.stat(folder), os.fstat(lock)):
            raise FileNotFoundError(folder)
    except OSError:
        os.close(lock)
        raise
    return lock
