"""What anybody may read: studies, trials with their curves, artifacts, events. In bulk, never row by row."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from nas.errors import StudyNotFound
from nas.storage import leases, tables
from nas.storage.database import now
from nas.storage.encoding import load, load_numbers, read_task, read_trial
from nas.storage.records import Artifact, StudyEvent, StudyRecord
from nas.trials import Point, Trial
from search_spaces.errors import nearest

Counts = Mapping[int, Mapping[str, int]]


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
    found = read_studies(connection, name=name)
    if found:
        return found[0]
    names = connection.execute(select(tables.study.c.name)).scalars().all()
    raise StudyNotFound(f"no study {name!r}{nearest(name, tuple(names)) or ' (there are no studies yet)'}")


def read_trials(connection: Connection, study_id: int, *, curves: bool) -> list[Trial]:
    """Return all trials in the order of their numbers."""
    found = _curves(connection, study_id) if curves else {}
    query = select(tables.trial).where(tables.trial.c.study_id == study_id).order_by(tables.trial.c.number)
    return [read_trial(row, tuple(found.get(row.number, ()))) for row in connection.execute(query)]


def read_one(connection: Connection, study_id: int, number: int) -> Trial:
    """Return one trial with its curve."""
    columns = tables.trial.c
    row = connection.execute(select(tables.trial).where(columns.study_id == study_id, columns.number == number)).first()
    if row is None:
        last = connection.execute(select(func.max(columns.number)).where(columns.study_id == study_id)).scalar()
        known = "there are none yet" if last is None else f"the last is {last}"
        raise StudyNotFound(f"no trial {number!r} in study {study_id} ({known})")
    return read_trial(row, tuple(_curves(connection, study_id, number).get(number, ())))


def read_artifacts(connection: Connection, study_id: int) -> list[Artifact]:
    """Return the artifacts of a study in the order they were first recorded."""
    table = tables.artifact
    names = ("number", "kind", "path", "sha256", "bytes", "epoch", "metrics", "seed")
    query = select(*(table.c[name] for name in names)).where(table.c.study_id == study_id).order_by(table.c.id)
    rows = connection.execute(query).mappings()
    return [Artifact(**{**row, "metrics": load_numbers(row["metrics"])}) for row in rows]


def read_events(connection: Connection, study_id: int, *, after: int) -> list[StudyEvent]:
    """Return the events with a greater id than `after`, in order."""
    table = tables.event
    query = select(table).where(table.c.study_id == study_id, table.c.id > after).order_by(table.c.id)
    return [StudyEvent(row.id, row.at, row.kind, load(row.content)) for row in connection.execute(query)]


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


def _curves(connection: Connection, study_id: int, number: int | None = None) -> dict[int, list[Point]]:
    columns = tables.epoch.c
    query = (
        select(columns.number, columns.epoch, columns.metrics, columns.seconds)
        .where(columns.study_id == study_id)
        .order_by(columns.number, columns.epoch)
    )
    rows = connection.execute(query if number is None else query.where(columns.number == number))
    curves: dict[int, list[Point]] = defaultdict(list)
    for of, epoch, metrics, seconds in rows:
        curves[of].append(Point(epoch, load_numbers(metrics), seconds))
    return curves
