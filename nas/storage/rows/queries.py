"""Queries: read studies, trials with their curves, artifacts and events, in bulk, never row by row."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from nas.errors import StudyNotFound
from nas.storage import leases, tables
from nas.storage.backends.protocol import now
from nas.storage.records import Artifact, StudyEvent, StudyRecord
from nas.storage.rows.encoding import (
    STANDING,
    load,
    load_numbers,
    number_reader,
    read_standing,
    read_task,
    read_trial,
    storable,
)
from nas.trials import Point, Standing, Trial, TrialState
from search_spaces.errors import nearest

Counts = Mapping[int, Mapping[str, int]]
Curves = Literal["whole", "last", "resume", "none"]
"""How much of their curves trials are read with: `last` is the last point; `resume` what the search looks at when it
goes on, all of those that have not finished and the last point of the PRUNED."""
Values = Mapping[int, Sequence[tuple[int, float]]]
"""One metric of many trials: by number, each recorded epoch with its value."""

Epochs = Collection[int] | Literal["last"] | None
"""The epochs that are read: these, the last of each trial, or all."""

_CHUNK = 500  # numbers in one query
_FINISHED = tuple(state.value for state in TrialState if state.finished)


def read_studies(connection: Connection, *, name: str | None = None) -> list[StudyRecord]:
    """Return all studies, or the one of that name, oldest first."""
    lease = tables.lease.c
    query = (
        select(tables.study, lease.token, lease.owner, lease.expires_at, now().label("now"))
        .join(tables.lease)
        .order_by(tables.study.c.id)
    )
    rows = connection.execute(query if name is None else query.where(tables.study.c.name == name)).all()
    counts = _count(connection, None if name is None else [row.id for row in rows])
    return [_study(row, counts) for row in rows]


def read_study(connection: Connection, name: str) -> StudyRecord:
    """Return the study of that name; raise StudyNotFound, with the nearest, when there is none."""
    found = find_study(connection, name)
    if found is not None:
        return found
    names = connection.execute(select(tables.study.c.name)).scalars().all()
    raise StudyNotFound(f"no study {name!r}{nearest(name, tuple(names)) or ' (there are no studies yet)'}")


def find_study(connection: Connection, name: str) -> StudyRecord | None:
    """Return the study of that name, or None when there is none; no other study is read."""
    return next(iter(read_studies(connection, name=storable(name, 200))), None)


def read_trials(
    connection: Connection, study_id: int, *, curves: Curves, numbers: Sequence[int] | None = None
) -> list[Trial]:
    """Return trials in the order of their numbers: those with these numbers, or all for None."""
    if numbers is None:
        return _trials(connection, study_id, curves, None)
    return [trial for chunk in _chunks(numbers) for trial in _trials(connection, study_id, curves, chunk)]


def read_standings(connection: Connection, study_id: int) -> list[Standing]:
    """Return how all trials stand, in the order of their numbers; nothing that is long is read."""
    columns = tables.trial.c
    query = select(*(columns[name] for name in STANDING)).where(columns.study_id == study_id).order_by(columns.number)
    return [read_standing(*row) for row in connection.execute(query)]


def read_one(connection: Connection, study_id: int, number: int) -> Trial:
    """Return one trial with its curve."""
    columns = tables.trial.c
    row = connection.execute(select(tables.trial).where(columns.study_id == study_id, columns.number == number)).first()
    if row is None:
        last = connection.execute(select(func.max(columns.number)).where(columns.study_id == study_id)).scalar()
        known = "there are none yet" if last is None else f"the last is {last}"
        raise StudyNotFound(f"the study has no trial {number!r} ({known})")
    return read_trial(row, tuple(_curves(connection, study_id, "whole", [number]).get(number, ())))


def read_values(
    connection: Connection,
    study_id: int,
    metric: str,
    *,
    epochs: Epochs = None,
    numbers: Collection[int] | None = None,
) -> Values:
    """Return one metric of trials: at these epochs, and of these numbers, or of all for None."""
    if numbers is not None:
        return {
            number: values
            for chunk in _chunks(numbers)
            for number, values in _values(connection, study_id, metric, epochs, chunk).items()
        }
    return _values(connection, study_id, metric, epochs, None)


def read_artifacts(connection: Connection, study_id: int) -> list[Artifact]:
    """Return the artifacts of a study in the order they were first recorded."""
    table = tables.artifact
    names = ("number", "kind", "path", "sha256", "bytes", "epoch", "metrics", "seed")
    query = select(*(table.c[name] for name in names)).where(table.c.study_id == study_id).order_by(table.c.id)
    rows = connection.execute(query).mappings()
    return [Artifact(**{**row, "metrics": load_numbers(row["metrics"])}) for row in rows]


def read_events(connection: Connection, study_id: int, *, after: int, kind: str = "") -> list[StudyEvent]:
    """Return the events with a greater id than `after`, in order; of one kind, if one is named."""
    table = tables.event
    query = select(table).where(table.c.study_id == study_id, table.c.id > after).order_by(table.c.id)
    rows = connection.execute(query.where(table.c.kind == kind) if kind else query)
    return [StudyEvent(row.id, row.at, row.kind, load(row.content)) for row in rows]


def _trials(connection: Connection, study_id: int, curves: Curves, numbers: Sequence[int] | None) -> list[Trial]:
    found = {} if curves == "none" else _curves(connection, study_id, curves, numbers)
    query = select(tables.trial).where(tables.trial.c.study_id == study_id).order_by(tables.trial.c.number)
    query = query if numbers is None else query.where(tables.trial.c.number.in_(numbers))
    return [read_trial(row, tuple(found.get(row.number, ()))) for row in connection.execute(query)]


def _chunks(numbers: Collection[int]) -> Iterator[Sequence[int]]:
    """Cut numbers, in their order, into as many as one query takes."""
    ordered = sorted(numbers)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def _study(row: leases.LeaseRow, counts: Counts) -> StudyRecord:
    return StudyRecord(
        id=row.id,
        name=row.name,
        state=row.state,
        config=load(row.config),
        task=read_task(row.task),
        environment=load(row.environment),
        requested=row.requested,
        seconds=row.seconds,
        result=load(row.result),
        created_at=row.created_at,
        updated_at=row.updated_at,
        counts=counts.get(row.id, {}),
        holder=leases.holder(row),
    )


def _count(connection: Connection, study_ids: list[int] | None) -> Counts:
    columns = tables.trial.c
    query = select(columns.study_id, columns.state, func.count()).group_by(columns.study_id, columns.state)
    if study_ids is not None:
        query = query.where(columns.study_id.in_(study_ids))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for study_id, state, count in connection.execute(query):
        counts[study_id][state] = count
    return counts


def _curves(
    connection: Connection, study_id: int, kind: Curves, numbers: Sequence[int] | None
) -> Mapping[int, Sequence[Point]]:
    columns, trial = tables.epoch.c, tables.trial.c
    query = (
        select(columns.number, columns.epoch, columns.metrics, columns.seconds)
        .where(columns.study_id == study_id)
        .order_by(columns.number, columns.epoch)
    )
    if kind != "whole":
        last = columns.epoch == trial.epochs
        looked_at = or_(trial.state.not_in(_FINISHED), and_(last, trial.state == TrialState.PRUNED.value))
        query = query.join(tables.trial, _same_trial()).where(last if kind == "last" else looked_at)
    rows = connection.execute(query if numbers is None else query.where(columns.number.in_(numbers)))
    curves: dict[int, list[Point]] = defaultdict(list)
    for of, epoch, metrics, seconds in rows:
        curves[of].append(Point(epoch, load_numbers(metrics), seconds))
    return curves


def _same_trial() -> ColumnElement[bool]:
    """Return the condition that joins an epoch to its trial."""
    epoch, trial = tables.epoch.c, tables.trial.c
    return and_(trial.study_id == epoch.study_id, trial.number == epoch.number)


def _values(
    connection: Connection,
    study_id: int,
    metric: str,
    epochs: Epochs,
    numbers: Collection[int] | None,
) -> Values:
    columns, trial, value = tables.epoch.c, tables.trial.c, number_reader(metric)
    query = select(columns.number, columns.epoch, columns.metrics)
    if epochs == "last":  # asked of the trials, whose epoch is then looked up, rather than of all epochs
        last = and_(trial.study_id == study_id, columns.epoch == trial.epochs)
        query = query.join(tables.trial, _same_trial()).where(last).order_by(trial.number)
    else:
        query = query.where(columns.study_id == study_id).order_by(columns.number, columns.epoch)
        query = query if epochs is None else query.where(columns.epoch.in_(sorted(epochs)))
    if numbers is not None:
        query = query.where(columns.number.in_(numbers))
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for number, epoch, metrics in connection.execute(query):
        found[number].append((epoch, value(metrics)))
    return found
