"""Check of the artifacts folder: the controller and all workers must be able to read and write it."""

import os

from nas.artifacts.study_folder import own_folder
from nas.config import StudyConfig
from nas.errors import FolderUnusable
from search_spaces.errors import Problem, SpecError
from workers import file_store

WHERE = "artifacts.folder"


def require_writable(config: StudyConfig) -> None:
    """Write and remove a file where checkpoints and exports will go, before the first trial.

    Raises:
        SpecError: it is an address that cannot be used.
        FolderUnusable: it is a folder of this machine that cannot be written, or whose disk is full.
    """
    require_usable(config)
    own = own_folder(config)
    for place in () if file_store.is_remote(own) else (own, f"{own}/checkpoints", f"{own}/best"):
        try:
            file_store.prove(place)
        except OSError as error:
            raise FolderUnusable.of(place, error) from error


def require_usable(config: StudyConfig) -> None:
    """Write, read and remove a file where the folder is behind an address; raise SpecError if that cannot be done."""
    folder = config.artifacts.folder
    if wrong := file_store.mistake(folder):
        raise SpecError([Problem(WHERE, wrong)])
    if not file_store.is_remote(folder):
        return
    try:
        file_store.prove(file_store.absolute(folder))
    except OSError as error:
        hint = "fsspec's own settings, such as FSSPEC_S3_KEY, hold credentials"
        raise SpecError(
            [Problem(WHERE, f"cannot be used: {folder!r}: {error.strerror or error}", hint=hint)]
        ) from error


def not_shared_warning(config: StudyConfig) -> str:
    """Return a warning that workers on other machines would write to their own folders; empty where none would."""
    folder = config.artifacts.folder
    if "://" in folder or not _on_a_cluster(config):
        return ""
    mounted = f"file://{os.path.abspath(folder)}"
    return (
        f"{WHERE}: {folder!r} is a path of each machine: a worker on another node keeps its checkpoints to itself; "
        f"give an address such as s3://bucket/nas, or say {mounted} if every node has the same folder there"
    )


def _on_a_cluster(config: StudyConfig) -> bool:
    if config.executor.name != "ray":
        return False
    address = config.executor.settings.get("address") or os.environ.get("RAY_ADDRESS", "")
    return address not in ("", "local")
