"""Commands: write trials, points, artifacts, events and the study's own row."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from nas.storage import tables
from nas.storage.records import Artifact, StudyState
from nas.storage.rows.encoding import Row, artifact_row, dump, point_row, storable, trial_row
from nas.storage.rows.upserts import insert_new, upsert
from nas.trials import Point, Trial, TrialState

_FINISHED = tuple(state.value for state in TrialState if state.finished)
_PUT_TRIAL = upsert(tables.trial, ("study_id", "number"), frozen=tables.trial.c.state, states=_FINISHED)
_PUT_ARTIFACT = upsert(tables.artifact, ("study_id", "kind", "path"))
_ADD_POINT = insert_new(tables.epoch)
_ADD_EVENT = tables.event.insert()
_NEWEST_EVENT = (
    select(tables.event.c.at)
    .where(tables.event.c.study_id == bindparam("of"))
    .order_by(tables.event.c.id.desc())
    .limit(1)
)


def write_trials(connection: Connection, study_id: int, trials: Sequence[Trial]) -> None:
    """Insert or update trials; one that has finished stays as it is."""
    if trials:
        connection.execute(_PUT_TRIAL(connection), [trial_row(study_id, trial) for trial in trials])


def write_points(connection: Connection, study_id: int, points: Sequence[tuple[int, Point]]) -> None:
    """Insert points of curves; the first record of an epoch stays."""
    if points:
        connection.execute(_ADD_POINT(connection), [point_row(study_id, number, point) for number, point in points])


def write_artifacts(connection: Connection, study_id: int, artifacts: Sequence[Artifact]) -> None:
    """Insert artifacts; one of the same kind at the same path is replaced."""
    if artifacts:
        connection.execute(_PUT_ARTIFACT(connection), [artifact_row(study_id, artifact) for artifact in artifacts])


def drop_artifacts(connection: Connection, study_id: int, artifacts: Sequence[Artifact]) -> None:
    """Forget artifacts whose files are lost."""
    columns = tables.artifact.c
    for artifact in artifacts:
        same = (columns.study_id == study_id, columns.kind == artifact.kind, columns.path == artifact.path)
        connection.execute(delete(tables.artifact).where(*same))


def write_events(
    connection: Connection, study_id: int, events: Sequence[tuple[str, Mapping[str, object]]], *, at: datetime
) -> None:
    """Append events that happened at a moment, once: the newest of that very moment says that they are there."""
    rows = [
        {"study_id": study_id, "at": at, "kind": storable(kind, 64), "content": dump(content)}
        for kind, content in events
    ]
    if rows and connection.execute(_NEWEST_EVENT, {"of": study_id}).scalar() != at:
        connection.execute(_ADD_EVENT, rows)


def write_study(
    connection: Connection,
    study_id: int,
    *,
    state: StudyState | None,
    config: Mapping[str, object] | None,
    result: Mapping[str, object] | None,
    seconds: float | None,
) -> None:
    """Change what is given of a study's own row, and when it was last written."""
    changed: Row = {"updated_at": datetime.now(UTC)}
    if state is not None:
        changed["state"] = state
    if config is not None:
        changed["config"] = dump(config)
    if result is not None:
        changed["result"] = dump(result)
    if seconds is not None:
        changed["seconds"] = seconds
    connection.execute(update(tables.study).where(tables.study.c.id == study_id).values(changed))


def forget_checkpoints(connection: Connection, study_id: int, numbers: Sequence[int]) -> None:
    """Record that the checkpoint files of these trials are no longer kept."""
    columns = tables.trial.c
    for number in numbers:
        connection.execute(
            update(tables.trial).where(columns.study_id == study_id, columns.number == number).values(checkpoint=None)
        )
