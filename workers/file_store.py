"""File store: files in a local folder, or at an address that fsspec understands, such as `s3://bucket/nas`.

A file is there in whole or not at all. `file://` is a path: a folder that all nodes of a cluster have mounted.
Whatever goes wrong with a file is an `OSError`, as it is with a path.
"""

import errno
import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from search_spaces.errors import nearest

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Result = TypeVar("Result")
_SAMPLE = 1 << 16
"""Bytes that are written to see whether there is room: the weights of a small network."""

PRIVATE = ("memory", "local+memory", "data")
"""Protocols whose files nobody but the process that wrote them can read."""


def is_remote(place: str) -> bool:
    """Return whether a file or folder is behind an address rather than a path of this machine."""
    return "://" in place and not place.startswith(("file://", "local://"))


def mistake(folder: str) -> str:
    """Return why an address cannot be a folder; empty for a path and for an address that may work."""
    if not is_remote(folder):
        return "" if folder.isascii() or _is_text(folder) else "has a name that is not UTF-8, which no record can hold"
    protocol = folder.partition("://")[0]
    known = _protocols()
    if "::" in folder:
        return f"is a chain of addresses: {protocol}…; give the one that holds the files"
    if protocol in PRIVATE:
        return f"is seen by one process alone: {protocol}://; workers and controller have to share it"
    if protocol not in known:
        return f"is of an unknown protocol {protocol!r}{nearest(protocol, known)}"
    if _may_hold_a_password(folder):
        name = f"FSSPEC_{protocol.upper()}_PASSWORD"
        return f"holds a password, which would be on record; set the environment variable {name} instead"
    return ""


def _is_text(folder: str) -> bool:
    try:
        return bool(folder.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _may_hold_a_password(folder: str) -> bool:
    """Return whether user and password, or what could be a piece of one that is not escaped, come before the host."""
    authority, _, rest = folder.partition("://")[2].partition("/")
    host, _, port = authority.rpartition(":")
    return ":" in authority.rpartition("@")[0] or (bool(host) and not port.isdecimal() and "@" in rest)


def absolute(folder: str) -> str:
    """Return a folder by its full path, or by its address."""
    return folder.rstrip("/") if is_remote(folder) else str(_path(folder).absolute())


def read(place: str) -> bytes:
    """Return the content of a file."""
    return (
        _at(place, lambda files, path: bytes(files.cat_file(path))) if is_remote(place) else _path(place).read_bytes()
    )


def digest(place: str) -> str:
    """Return the sha256 of a file; one of this machine is never in memory as a whole."""
    if is_remote(place):
        return hashlib.sha256(read(place)).hexdigest()
    with open(_path(place), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(place: str, content: bytes | bytearray) -> None:
    """Make a file that holds this, in place of any of that name."""
    if is_remote(place):
        _at(place, lambda files, path: _upload(files, path, bytes(content)))
    else:
        _replace(_path(place), content)


def remove(places: Collection[str]) -> None:
    """Remove files; one that is not there, or cannot be removed, is left, and the rest where the server is away."""
    for place in places:
        try:
            if is_remote(place):
                _at(place, lambda files, path: files.rm_file(path))
            else:
                _path(place).unlink()
        except (ConnectionError, TimeoutError):
            return
        except OSError:
            continue


def located(path: str, folder: str) -> str:
    """Return where a file of a study is: in the study's own folder if it is there, else where it was written.

    A project that was moved, mounted elsewhere or copied keeps its files in the folder, under the same names.
    """
    kept = "/".join(PurePosixPath(path).parts[-2:])
    here = f"{folder}/{kept}"
    if here == path or is_remote(folder) or PurePosixPath(path).parts[-3:-2] != (PurePosixPath(folder).name,):
        return path
    return here if _path(here).is_file() else path


def names(folder: str) -> list[str]:
    """List the files of a folder by their names, without links; none where there is no such folder, or it is a link."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if is_remote(folder):
            return _at(folder, lambda files, path: _list(files, path, "file"))
        links = _path(folder).is_symlink()
        return [path.name for path in _path(folder).iterdir() if path.is_file() and not (links or path.is_symlink())]
    return []


def folders(folder: str) -> list[str]:
    """List the folders in a folder by their names, without links; none where there is no such folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if is_remote(folder):
            return _at(folder, lambda files, path: _list(files, path, "directory"))
        return [path.name for path in _path(folder).iterdir() if path.is_dir() and not path.is_symlink()]
    return []


def remove_empty(folder: str) -> None:
    """Remove a folder in which nothing is; behind an address there often is none without files."""
    with suppress(OSError):
        _at(folder, lambda files, path: files.rmdir(path)) if is_remote(folder) else _path(folder).rmdir()


def prove(folder: str) -> None:
    """Write, read and remove a file; raise `OSError` where that cannot be done.

    No folder is made: on this machine the file is written to the innermost one that is there.
    """
    if not is_remote(folder):
        _prove_here(_path(folder))
    else:
        place, content = f"{folder}/.nas-{uuid.uuid4().hex}", b"written to see whether it can be"
        write(place, content)
        if read(place) != content:
            raise OSError(errno.EIO, "what was written is not what is read")
        remove([place])


def _prove_here(folder: Path) -> None:
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    with tempfile.NamedTemporaryFile(prefix=".nas-", dir=there) as file:
        file.write(bytes(_SAMPLE))
        file.flush()
        os.fsync(file.fileno())


# ---- behind an address


def _at(place: str, work: Callable[["AbstractFileSystem", str], Result]) -> Result:
    """Do one thing to a file; once more over a new connection if the first time it went wrong."""
    with _as_os_error(place):
        try:
            return work(*_open(place))
        except (FileNotFoundError, ImportError):
            raise
        except Exception:  # a kept connection may have been closed, and each protocol says so in its own way
            return work(*_open(place, afresh=True))


@contextmanager
def _as_os_error(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.strerror:
            raise
        kind = type(error) if type(error).__module__ == "builtins" else OSError  # others are made otherwise
        raise kind(error.errno or errno.EIO, _sentence(error)) from error
    except Exception as error:  # each protocol has its own
        raise OSError(errno.EIO, _sentence(error)) from error


def _open(place: str, *, afresh: bool = False) -> tuple["AbstractFileSystem", str]:
    from fsspec.core import url_to_fs

    files, path = url_to_fs(place, skip_instance_cache=True) if afresh else url_to_fs(place)
    files.invalidate_cache()
    return files, path


def _upload(files: "AbstractFileSystem", path: str, content: bytes) -> None:
    """Write beside the file and rename where renaming is a protocol's own; the others write an object whole."""
    from fsspec import AbstractFileSystem

    if type(files).mv is AbstractFileSystem.mv:
        files.pipe_file(path, content)
        return
    folder, _, name = path.rpartition("/")
    files.makedirs(folder, exist_ok=True)
    part = f"{folder}/.{name}.{uuid.uuid4().hex}.part"
    try:
        files.pipe_file(part, content)
        files.mv(part, path)
    except BaseException:
        with suppress(Exception):
            files.rm_file(part)
        raise


def _list(files: "AbstractFileSystem", path: str, kind: str) -> list[str]:
    found = files.ls(path, detail=True)
    return [str(item["name"]).rstrip("/").rpartition("/")[2] for item in found if item["type"] == kind]


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@lru_cache
def _protocols() -> tuple[str, ...]:
    from fsspec.registry import known_implementations, registry

    return tuple(sorted({*known_implementations, *registry} - {*PRIVATE}))


# ---- on this machine


def _path(place: str) -> Path:
    return Path(place.removeprefix("file://").removeprefix("local://"))


def _replace(path: Path, content: bytes | bytearray) -> None:
    """Write beside the file and rename; the mode is the one that the umask gives any file, unlike mkstemp's 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be synchronised."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
