"""Safe reader of .npz files: sizes are compared with the file before memory is allocated."""

import math
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from search_spaces.plain_text import shaped
from workers.errors import TaskError
from workers.free_memory import require_room
from workers.tasks._files import existing
from workers.tasks.protocol import Array

PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
HEAD = 1 << 16


def read_arrays(path: str) -> dict[str, Array]:
    """Return the arrays of a file by their names; one sentence says whatever is wrong with it.

    Raises:
        TaskError: the file is no .npz file, is damaged, holds Python objects, or is larger than the memory there is.
    """
    file = existing(path)
    _require_archive(path, file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _require_sound(path, members)
            size = sum(member.file_size for member in members)
            require_room(3.0 * size, f"{path}: its arrays unpack to {size / 1e6:,.0f} MB; reading them")
            return {_name(member): _read(path, archive, member) for member in members}
    except TaskError:
        raise
    except MemoryError as error:
        raise TaskError(f"{path}: its arrays do not fit into the memory there is") from error
    except zipfile.BadZipFile as error:
        raise TaskError(f"{path}: not a sound .npz file: cut off, or damaged ({_said(error)})") from error
    except Exception as error:  # numpy and zipfile raise whatever comes to pass in a damaged or hostile file
        raise TaskError(f"{path}: not a sound .npz file: {_said(error)}") from error


def _require_archive(path: str, file: Path) -> None:
    """Raise TaskError, with what the file is instead of an archive."""
    with file.open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(b"PK"):
        return
    if head.startswith(npy.MAGIC_PREFIX):
        raise TaskError(f"{path}: holds one array; it needs two, x and y (numpy.savez)", "path")
    if head.startswith(b"\x80"):
        raise TaskError(f"{path}: not an .npz file but Python objects; save plain arrays with numpy.savez", "path")
    first = head.partition(b"\n")[0]
    if b"\0" not in head and any(sign in first for sign in (b",", b";", b"\t", b"|")):
        raise TaskError(f"{path}: not an .npz file; it looks like a table, which the task csv reads", "path")
    raise TaskError(f"{path}: not an .npz file" + (", it is empty" if not head else ""), "path")


def _require_sound(path: str, members: list[zipfile.ZipInfo]) -> None:
    twice = [name for name, count in Counter(member.filename for member in members).items() if count > 1]
    if twice:
        raise TaskError(f"{path}: holds {twice[0]!r} more than once")
    for member in members:
        if member.flag_bits & 1:
            raise TaskError(f"{path}: array {_name(member)!r} is encrypted")
        if member.compress_type not in PACKED:
            raise TaskError(f"{path}: array {_name(member)!r} is packed in a way that is not known")


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read(path: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    try:
        with archive.open(member) as stream:
            return _array(path, stream, member)
    except TaskError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise TaskError(f"{path}: array {_name(member)!r} cannot be read: {_said(error)}") from error


def _array(path: str, stream: IO[bytes], member: zipfile.ZipInfo) -> Array:
    """Read one array, if its header agrees with its size."""
    name = _name(member)
    if not member.filename.endswith(".npy"):
        raise TaskError(f"{path}: {member.filename!r} in it is no array")
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise TaskError(f"{path}: array {name!r} has the format {version[0]}.{version[1]}, which is not known")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise TaskError(f"{path}: array {name!r} holds Python objects; it needs plain numbers or texts of one length")
    if any(axis < 0 for axis in shape):
        raise TaskError(f"{path}: array {name!r} has an axis of negative length: {shaped(shape)}")
    taken, there = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
    if taken != there:
        told = f"{there:,} bytes are there, its shape {shaped(shape)} of {dtype} takes {taken:,}"
        raise TaskError(f"{path}: array {name!r} is damaged: {told}")
    content = stream.read()
    if len(content) != there:
        raise TaskError(f"{path}: array {name!r} is damaged: {len(content):,} of {there:,} bytes are there")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _said(error: Exception) -> str:
    """Return the first words of a library's message, never its advice."""
    said = str(error).partition("\n")[0].partition(". ")[0]
    return said[:160] or type(error).__name__
