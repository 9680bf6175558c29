"""Relocation: find the files of a study whose project was moved, mounted elsewhere or copied.

The record keeps paths in full, and the folder of the study file that they began at. Where a file is no longer at its
path, it is looked for at the same place relative to the database's folder and to the working folder; whether its
samples are the same is told by their hash.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nas.config import StudyConfig
from nas.storage import StudyRecord
from nas.study_file.as_json import from_json
from search_spaces.candidate import Named, Settings
from search_spaces.hyperparameters import hyperparameters
from workers import file_store
from workers.tasks import TASKS


def recalled(record: StudyRecord, database: str) -> StudyConfig:
    """Return the definition on record with the places of its files as they are now; `database` is where it is."""
    config = from_json(record.config)
    if not config.base:
        return config
    homes = tuple(_homes(database))
    moved = replace(config, task=replace(config.task, task=_named(config.task.task, config.base, homes)))
    folder = config.artifacts.folder
    if os.path.isabs(folder) and not file_store.is_remote(folder):
        moved = replace(moved, artifacts=replace(config.artifacts, folder=_now(folder, config.base, homes)))
    return moved


def with_full_paths(config: StudyConfig) -> StudyConfig:
    """Return a definition with the paths of its task's files in full: workers may run in another folder."""
    named = config.task.task
    known = hyperparameters(TASKS.load(named.name))
    paths = {item.name: named.settings.get(item.name) for item in known if item.is_file}
    full = {name: os.path.abspath(path) for name, path in paths.items() if isinstance(path, str) and path}
    task = replace(config.task, task=replace(named, settings=Settings({**named.settings, **full})))
    return replace(config, task=task, base=config.base or os.getcwd())


def _homes(database: str) -> Iterator[str]:
    """Return folders that may have taken the place of the study file's."""
    if "://" not in database:
        yield str(Path(database).parent)
    with suppress(FileNotFoundError):  # the working folder was deleted
        yield os.getcwd()


def _named(named: Named, base: str, homes: tuple[str, ...]) -> Named:
    settings: Mapping[str, object] = named.settings
    places = {
        name: _now(value, base, homes) if isinstance(value, str) and os.path.isabs(value) else value
        for name, value in settings.items()
    }
    return replace(named, settings=Settings(places))  # type: ignore[arg-type]  # as they were, but for some texts


def _now(path: str, base: str, homes: tuple[str, ...]) -> str:
    if os.path.exists(path):
        return path
    relative = os.path.relpath(path, base)
    candidates = (os.path.normpath(os.path.join(home, relative)) for home in homes)
    return next(filter(os.path.exists, candidates), path)
