"""Files of a task, sent to each node once: through Ray's object store into a folder of the node.

A node that has the same file at the same path, on a shared file system perhaps, uses that one.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ObjectStoreFullError

from search_spaces.candidate import Settings
from workers import file_store
from workers.messages import Job, Probe, TaskSpec

_LARGEST = 2**30
"""Bytes of the largest file that is sent; a larger one has to be on the nodes."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file of the controller's: its path there, its hash, and where its content is in the object store."""

    path: str
    sha256: str
    content: Any


class Parcels:
    """Files in the object store, which stay there for nodes that join later."""

    def __init__(self) -> None:
        self._known: dict[str, Parcel] = {}

    def of(self, spec: TaskSpec) -> tuple[Parcel, ...]:
        """Return the files a task names that are here; one the store has no room for has to be on the nodes."""
        paths = [value for value in spec.task.settings.values() if isinstance(value, str) and _is_sent(value)]
        for path in paths:
            if path not in self._known:
                with suppress(ObjectStoreFullError, OSError):
                    self._known[path] = Parcel(path, file_store.digest(path), [ray.put(Path(path).read_bytes())])
        return tuple(self._known[path] for path in paths if path in self._known)


@dataclass(slots=True)
class Arrived:
    """The files of the controller that a worker's node has, and where."""

    _places: dict[str, str] = field(default_factory=dict)

    def take(self, parcel: Parcel) -> None:
        """Have the file here."""
        here = Path(parcel.path)
        if not (here.is_file() and file_store.digest(parcel.path) == parcel.sha256):
            here = _folder() / f"{parcel.sha256}{''.join(here.suffixes)}"
            if not here.exists():
                file_store.write(str(here), ray.get(parcel.content[0]))
        self._places[parcel.path] = str(here)

    def local(self, message: object) -> object:
        """Return a message with the paths of this node."""
        if isinstance(message, Job | Probe):
            return replace(message, task=self._local(message.task))
        return self._local(message) if isinstance(message, TaskSpec) else message

    def _local(self, spec: TaskSpec) -> TaskSpec:
        settings: Mapping[str, Any] = spec.task.settings
        places = {
            name: self._places.get(value, value) if isinstance(value, str) else value
            for name, value in settings.items()
        }
        return replace(spec, task=replace(spec.task, settings=Settings(places)))


def _is_sent(path: str) -> bool:
    return Path(path).is_file() and Path(path).stat().st_size <= _LARGEST


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"nas-files-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is another user's")
    return folder
