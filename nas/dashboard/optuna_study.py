"""The study of ours in Optuna's tables: found, created and deleted by Optuna's own API."""

import random
import time
from collections.abc import Sequence
from itertools import count

from optuna.storages import RDBStorage
from optuna.study import StudyDirection

from nas.config import Objective
from nas.dashboard import optuna_tables
from nas.dashboard.optuna_tables import UNREADY
from nas.errors import StorageError
from nas.optuna_adapter import quiet
from nas.storage import Storage, StudyRecord

MARK = "nas_study"
"""The user attribute of an Optuna study that says which of ours it is the shadow of."""

_METRIC_NAMES = "study:metric_names"

_ATTEMPTS = 8


def forget(storage: Storage, name: str) -> None:
    """Delete the shadow of a study; a study of that name that is not our shadow stays."""
    optuna_storage = tables(storage)
    try:
        with storage.writing() as connection:
            study_id = optuna_tables.find_study(connection, name)
            if not study_id or MARK not in optuna_storage.get_study_user_attrs(study_id):
                return
            optuna_tables.erase(connection, [item.id for item in optuna_tables.summaries(connection, study_id)])
        optuna_storage.delete_study(study_id)
    finally:
        _close(optuna_storage)


def study_in_optuna(storage: Storage, study: StudyRecord, objectives: Sequence[Objective]) -> int:
    """Return the id of the study in Optuna's tables, created with Optuna's own API where it is missing."""
    directions = [StudyDirection[objective.direction.upper()] for objective in objectives]
    optuna_storage = tables(storage)
    try:
        with storage.reading() as connection:
            study_id = optuna_tables.find_study(connection, study.name)
        if study_id and not _is_shadow(optuna_storage, study_id, study, directions):
            forget(storage, study.name)
            study_id = 0
        return study_id or _create(optuna_storage, study, objectives, directions)
    finally:
        _close(optuna_storage)


def _is_shadow(
    optuna_storage: RDBStorage, study_id: int, study: StudyRecord, directions: Sequence[StudyDirection]
) -> bool:
    mark = optuna_storage.get_study_user_attrs(study_id).get(MARK)
    if mark is None:
        raise StorageError(f"Optuna's tables have a study {study.name!r} that is not ours: it is left as it is")
    return mark == _mark(study) and optuna_storage.get_study_directions(study_id) == directions


def _create(
    optuna_storage: RDBStorage,
    study: StudyRecord,
    objectives: Sequence[Objective],
    directions: Sequence[StudyDirection],
) -> int:
    with quiet():
        study_id = optuna_storage.create_new_study(directions, study.name)
    optuna_storage.set_study_user_attr(study_id, MARK, _mark(study))
    optuna_storage.set_study_user_attr(study_id, "task", study.task.name)
    optuna_storage.set_study_system_attr(study_id, _METRIC_NAMES, [objective.metric for objective in objectives])
    return study_id


def _mark(study: StudyRecord) -> str:
    return f"{study.id} of {study.created_at.isoformat()}"


def tables(storage: Storage) -> RDBStorage:
    """Open Optuna's storage on the same database; it creates its tables there, and not all at once if others do.

    A server that cannot be reached is not asked again: the search is waiting.
    """
    url = storage.address.replace("{", "{{").replace("}", "}}")  # Optuna fills in templates
    for attempt in count(1):
        try:
            return RDBStorage(url, engine_kwargs=dict(storage.database.for_optuna))
        except UNREADY as error:
            if attempt == _ATTEMPTS or storage.database.is_transient(error.orig):
                raise
            time.sleep(random.uniform(0.0, 0.2) * attempt)
    raise AssertionError


def _close(optuna_storage: RDBStorage) -> None:
    optuna_storage.remove_session()
    optuna_storage.engine.dispose()
