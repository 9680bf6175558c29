"""Limits of the system: a full disk, too few open files, processes or memory, a working folder that is gone.

Each is one sentence that says what is missing and what to do, wherever in the code it is met first.
"""

import errno
import os
import resource
from collections.abc import Iterator

from search_spaces.errors import NasError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_FILES = (errno.EMFILE, errno.ENFILE)
_NO_SPACE = ("no space left", "disk full", "quota exceeded")
"""What libraries say that raise errors of their own."""
_NEEDED = 256
"""Open files that a search of a few workers needs; most systems allow 1024."""
_WANTED = 4096


def require_working_folder() -> None:
    """Raise NasError where the process is in a folder that is no more: no relative path means anything."""
    try:
        os.getcwd()
    except OSError as error:
        raise NasError("the working folder is gone, deleted or moved: change to one that exists") from error


def require_open_files() -> None:
    """Raise the limit of open files as far as this process may; raise NasError where that is not far enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft != resource.RLIM_INFINITY and soft < _NEEDED:
        raise NasError(_too_few(soft))


def is_disk_full(error: BaseException) -> bool:
    """Return whether a full disk, or a spent quota, is behind an error."""
    return any(
        (isinstance(cause, OSError) and cause.errno in _DISK_FULL)
        or any(words in str(cause).lower() for words in _NO_SPACE)
        for cause in _causes(error)
    )


def sentence(error: Exception) -> str:
    """Return which limit of the system an error stands for; empty where it stands for none."""
    if isinstance(error, MemoryError):
        return "no memory is left; train fewer at once (--workers), or give a smaller data set"
    if not isinstance(error, OSError | RuntimeError):
        return ""
    number = getattr(error, "errno", None)
    if number in _FILES:
        return _too_few(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if number == errno.ENOMEM:
        return "no memory is left; train fewer at once (--workers)"
    if number == errno.EAGAIN or "can't start new thread" in str(error):
        most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        return f"no more processes or threads may be started (ulimit -u: {most}); raise that, or --workers 1"
    if is_disk_full(error):
        place = getattr(error, "filename", None) or "the disk"
        return f"{place}: no space is left; free some, then go on with `nas resume`"
    return ""


def _too_few(limit: int) -> str:
    return f"too few open files are allowed, {limit}; a search needs {_NEEDED} or more: ulimit -n 1024"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
