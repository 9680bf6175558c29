"""A study's own folder: marked with the id of its record, so that no other study's files are overwritten or deleted.

A study of the same name in another database, or in a copy of a database whose original is still there, is given a
folder of its own beside the first one's.
"""

import json
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from nas.config import StudyConfig
from nas.errors import FolderUnusable
from nas.storage import Storage, StudyRecord
from workers import file_store

MARK = ".nas-study.json"
"""The file that says whose folder it is."""


def own_folder(config: StudyConfig) -> str:
    """Return the folder of a study's checkpoints, retrained weights and exports."""
    return f"{file_store.absolute(config.artifacts.folder)}/{config.artifacts.place or config.name}"


def with_own_folder(config: StudyConfig, storage: Storage, record: StudyRecord | None = None) -> StudyConfig:
    """Return the definition with the first folder that is free or this record's already; nothing is written.

    Raises:
        FolderUnusable: what is in the way cannot be looked at.
    """
    numbered = (f"{config.name}-{number}" for number in count(2))
    for place in chain([config.artifacts.place or config.name, config.name], numbered):
        placed = replace(config, artifacts=replace(config.artifacts, place="" if place == config.name else place))
        if _may_have(own_folder(placed), storage.database.where, record):
            return placed
    raise AssertionError("numbers do not end")


def mark(folder: str, storage: Storage, record: StudyRecord) -> None:
    """Write whose folder it is; raise `FolderUnusable` where nothing can be written there."""
    said = _said(folder, storage.database.where, record)
    try:
        if _read(folder) != said:
            file_store.write(f"{folder}/{MARK}", (json.dumps(said, indent=2) + "\n").encode())
    except OSError as error:
        raise FolderUnusable.of(folder, error) from error


def _may_have(folder: str, database: str, record: StudyRecord | None) -> bool:
    """Return whether a folder is a record's own: marked so, or with nothing in it that another may miss.

    One that was marked elsewhere was moved, or copied with the database. One that was marked here by a database that
    still exists at another place belongs to the original, of which this record is a copy.
    """
    try:
        marked = _read(folder)
        if marked is None:
            return bool(record and record.counts) or not file_store.names(f"{folder}/checkpoints")
    except OSError as error:
        raise FolderUnusable.of(folder, error) from error
    if record is None or marked.get("born") != record.created_at.isoformat() or marked.get("study") != record.name:
        return False
    theirs = marked.get("database", "")
    return marked.get("folder") != folder or theirs in ("", database) or _is_gone(theirs)


def _is_gone(database: str) -> bool:
    return "://" not in database and not Path(database).exists()


def _said(folder: str, database: str, record: StudyRecord) -> dict[str, str]:
    born = record.created_at.isoformat()
    return {"study": record.name, "born": born, "database": database, "folder": folder}


def _read(folder: str) -> dict[str, str] | None:
    """Return what a folder's mark says; None where it has none, nothing of one that is no mark of ours."""
    try:
        marked = json.loads(file_store.read(f"{folder}/{MARK}"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {}
    return {key: str(value) for key, value in marked.items()} if isinstance(marked, dict) else {}
