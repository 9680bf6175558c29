"""Bulk writes to Optuna's tables, which Optuna's own API writes row by row through an ORM.

The tables are described by hand, as far as they are written here; Optuna creates them. A contract test reads all of it
back through Optuna.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    Connection,
    DateTime,
    Delete,
    Enum,
    Float,
    Integer,
    TableClause,
    Text,
    bindparam,
    column,
    delete,
    func,
    select,
    table,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from nas.storage.rows.encoding import Row
from nas.storage.rows.upserts import insert_new, upsert

UNREADY = (OperationalError, IntegrityError, ProgrammingError)
"""What Optuna raises when several processes create its tables at the same time."""

_States = Enum("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING", name="trialstate")
_ValueKinds = Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")
_PointKinds = Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype")

_studies = table("studies", column("study_id", Integer), column("study_name", Text))
_about = table("study_user_attributes", column("study_id", Integer), column("key", Text), column("value_json", Text))
_trials = table(
    "trials",
    column("trial_id", Integer),
    column("number", Integer),
    column("study_id", Integer),
    column("state", _States),
    column("datetime_start", DateTime),
    column("datetime_complete", DateTime),
)
_params = table(
    "trial_params",
    column("trial_id", Integer),
    column("param_name", Text),
    column("param_value", Float),
    column("distribution_json", Text),
)
_values = table(
    "trial_values",
    column("trial_id", Integer),
    column("objective", Integer),
    column("value", Float),
    column("value_type", _ValueKinds),
)
_points = table(
    "trial_intermediate_values",
    column("trial_id", Integer),
    column("step", Integer),
    column("intermediate_value", Float),
    column("intermediate_value_type", _PointKinds),
)
_user = table("trial_user_attributes", column("trial_id", Integer), column("key", Text), column("value_json", Text))
_system = table("trial_system_attributes", column("trial_id", Integer), column("key", Text), column("value_json", Text))
_heartbeats = table("trial_heartbeats", column("trial_id", Integer))
_CHILDREN = (_params, _values, _points, _user, _system, _heartbeats)

_ADD_TRIAL = _trials.insert()
_PUT_ABOUT = upsert(_about, ("study_id", "key"))
_PUT_STATE = (
    update(_trials)
    .where(_trials.c.trial_id == bindparam("of"))
    .values({name: bindparam(name) for name in ("state", "datetime_start", "datetime_complete")})
)
_PUT = (
    (_params, insert_new(_params)),
    (_values, upsert(_values, ("trial_id", "objective"))),
    (_points, insert_new(_points)),
    (_user, upsert(_user, ("trial_id", "key"))),
    (_system, upsert(_system, ("trial_id", "key"))),
)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Write of one trial: its state, and those of its parts that are new or have changed."""

    number: int
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    params: Sequence[tuple[str, float, str]] = ()
    """Name, Optuna's internal value, and its distribution as JSON."""
    values: Sequence[float] = ()
    points: Sequence[tuple[int, float]] = ()
    user: Mapping[str, str] = field(default_factory=dict)
    """User attributes as JSON, by key."""
    system: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole shadow in brief: how many rows it has of each kind."""

    state: str
    finished_at: datetime | None
    values: int
    params: int
    points: int
    user: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of one trial in Optuna's tables: enough to see whether it is ours, and whole."""

    id: int
    number: int
    outline: Outline


def insert(connection: Connection, study_id: int, shadows: Sequence[Shadow]) -> dict[int, int]:
    """Insert trials that Optuna does not have, and return their ids by number."""
    if not shadows:
        return {}
    last = connection.execute(select(func.max(_trials.c.trial_id))).scalar() or 0
    rows = [{"number": shadow.number, "study_id": study_id, **_state(shadow)} for shadow in shadows]
    connection.execute(_ADD_TRIAL, rows)
    query = select(_trials.c.number, _trials.c.trial_id).where(
        _trials.c.study_id == study_id, _trials.c.trial_id > last
    )
    ids = {row.number: row.trial_id for row in connection.execute(query)}
    _write_parts(connection, [(ids[shadow.number], shadow) for shadow in shadows])
    return ids


def change(connection: Connection, shadows: Sequence[tuple[int, Shadow]]) -> None:
    """Write what has changed of trials that Optuna has, by their ids."""
    if not shadows:
        return
    connection.execute(_PUT_STATE, [{"of": trial_id, **_state(shadow)} for trial_id, shadow in shadows])
    _write_parts(connection, shadows)


def replace_parts(connection: Connection, shadows: Sequence[tuple[int, Shadow]]) -> None:
    """Write trials anew under the ids they have."""
    _erase_parts(connection, [trial_id for trial_id, _ in shadows])
    change(connection, shadows)


def erase(connection: Connection, trial_ids: Sequence[int]) -> None:
    """Delete trials."""
    for part in (*_CHILDREN, _trials):
        if trial_ids:
            connection.execute(_erasing(part), [{"of": trial_id} for trial_id in trial_ids])


def find_study(connection: Connection, name: str) -> int:
    """Return Optuna's id of a study, 0 when it has none of that name."""
    return connection.execute(select(_studies.c.study_id).where(_studies.c.study_name == name)).scalar() or 0


def describe(connection: Connection, study_id: int, attributes: Mapping[str, str]) -> None:
    """Write user attributes of a study, as JSON."""
    rows = [{"study_id": study_id, "key": key, "value_json": value} for key, value in attributes.items()]
    if rows:
        connection.execute(_PUT_ABOUT(connection), rows)


def extent(connection: Connection, study_id: int, name: str) -> tuple[int, int]:
    """Return how many trials Optuna has of a study, and the largest of their ids; (-1, 0) without the study."""
    if find_study(connection, name) != study_id:
        return -1, 0
    query = select(func.count(), func.max(_trials.c.trial_id)).where(_trials.c.study_id == study_id)
    count, last = connection.execute(query).one()
    return count, last or 0


def summaries(connection: Connection, study_id: int) -> list[Summary]:
    """Return what Optuna has of each trial of a study, by id."""
    counts = [_counted(connection, part, study_id) for part in (_values, _params, _points, _user)]
    columns = (_trials.c.trial_id, _trials.c.number, _trials.c.state, _trials.c.datetime_complete)
    rows = connection.execute(select(*columns).where(_trials.c.study_id == study_id).order_by(_trials.c.trial_id))
    return [
        Summary(
            of, number, Outline(state, ended and ended.replace(tzinfo=UTC), *(count.get(of, 0) for count in counts))
        )
        for of, number, state, ended in rows
    ]


def _counted(connection: Connection, part: TableClause, study_id: int) -> dict[int, int]:
    query = (
        select(part.c.trial_id, func.count().label("rows"))
        .where(part.c.trial_id == _trials.c.trial_id, _trials.c.study_id == study_id)
        .group_by(part.c.trial_id)
    )
    return {row.trial_id: row.rows for row in connection.execute(query)}


def _state(shadow: Shadow) -> Row:
    return {
        "state": shadow.state,
        "datetime_start": _naive(shadow.started_at),
        "datetime_complete": _naive(shadow.finished_at),
    }


def _naive(at: datetime | None) -> datetime | None:
    """Return UTC without saying so, as Optuna stores times."""
    return at and at.astimezone(UTC).replace(tzinfo=None)


def _write_parts(connection: Connection, shadows: Sequence[tuple[int, Shadow]]) -> None:
    for part, statement in _PUT:
        rows = [row for trial_id, shadow in shadows for row in _ROWS[part.name](trial_id, shadow)]
        if rows:
            connection.execute(statement(connection), rows)


def _erase_parts(connection: Connection, trial_ids: Sequence[int]) -> None:
    for part in _CHILDREN:
        if trial_ids:
            connection.execute(_erasing(part), [{"of": trial_id} for trial_id in trial_ids])


def _erasing(part: TableClause) -> Delete:
    return delete(part).where(part.c.trial_id == bindparam("of"))


def _param_rows(trial_id: int, shadow: Shadow) -> Iterable[Row]:
    for name, value, distribution in shadow.params:
        yield {"trial_id": trial_id, "param_name": name, "param_value": value, "distribution_json": distribution}


def _value_rows(trial_id: int, shadow: Shadow) -> Iterable[Row]:
    for objective, value in enumerate(shadow.values):
        number, kind = _stored(value)
        yield {"trial_id": trial_id, "objective": objective, "value": number, "value_type": kind}


def _point_rows(trial_id: int, shadow: Shadow) -> Iterable[Row]:
    for step, value in shadow.points:
        number, kind = _stored(value)
        yield {
            "trial_id": trial_id,
            "step": step,
            "intermediate_value": number,
            "intermediate_value_type": kind,
        }


def _user_rows(trial_id: int, shadow: Shadow) -> Iterable[Row]:
    return ({"trial_id": trial_id, "key": key, "value_json": value} for key, value in shadow.user.items())


def _system_rows(trial_id: int, shadow: Shadow) -> Iterable[Row]:
    return ({"trial_id": trial_id, "key": key, "value_json": value} for key, value in shadow.system.items())


_ROWS = {
    "trial_params": _param_rows,
    "trial_values": _value_rows,
    "trial_intermediate_values": _point_rows,
    "trial_user_attributes": _user_rows,
    "trial_system_attributes": _system_rows,
}


def _stored(value: float) -> tuple[float | None, str]:
    """Split a number as Optuna does: what is not finite has a name and no number."""
    if math.isfinite(value):
        return value, "FINITE"
    return None, "NAN" if math.isnan(value) else "INF_POS" if value > 0 else "INF_NEG"
