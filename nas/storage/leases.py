"""Leases: one controller per study, fenced by an epoch that grows with every owner, in database time."""

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from nas.errors import LeaseLost, StudyBusy, StudyNotFound
from nas.storage import tables
from nas.storage.backends.protocol import now
from nas.storage.owner import is_dead, this_process
from nas.storage.records import Lease, Owner

LeaseRow = Row[*tuple[Any, ...]]


def new_token() -> str:
    """Return what tells one attempt to take a lease from every other."""
    return secrets.token_hex(16)


def acquire(connection: Connection, study_id: int, *, seconds: float, token: str) -> Lease:
    """Take a study's lease, or take it over from an owner that is gone; forget what was requested of that one.

    One that has this very token is ours: an earlier try was committed, and its answer was lost.
    """
    row = _read(connection, study_id)
    ours = row.token == token
    owner = Owner(**json.loads(row.owner)) if row.token and not ours else None
    if owner is not None and row.expires_at > row.now and not is_dead(owner):
        raise StudyBusy(_busy(owner, row.expires_at))
    lease = Lease(study_id, row.epoch + (not ours), this_process(), token)
    connection.execute(
        update(tables.lease)
        .where(tables.lease.c.study_id == study_id)
        .values(epoch=lease.epoch, token=lease.token, owner=json.dumps(asdict(lease.owner)), expires_at=now() + seconds)
    )
    connection.execute(update(tables.study).where(tables.study.c.id == study_id).values(requested=""))
    return lease


def renew(connection: Connection, lease: Lease, *, seconds: float) -> str:
    """Hold a lease for longer, and return what a user has requested meanwhile."""
    if not _change(connection, lease, now() + seconds):
        raise LeaseLost(_lost(lease))
    query = select(tables.study.c.requested).where(tables.study.c.id == lease.study_id)
    return str(connection.execute(query).scalar_one())


def release(connection: Connection, lease: Lease) -> None:
    """Give a lease back; one that was lost already is nobody's loss."""
    connection.execute(update(tables.lease).where(_is(lease)).values(token="", expires_at=0.0))


def require(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is still its owner's, and hold its row until the transaction ends."""
    if connection.execute(select(tables.lease.c.epoch).where(_is(lease)).with_for_update()).first() is None:
        raise LeaseLost(_lost(lease))


def lock_lease(connection: Connection, study_id: int) -> None:
    """Keep every controller of a study from writing until the transaction ends."""
    connection.execute(select(tables.lease.c.epoch).where(tables.lease.c.study_id == study_id).with_for_update())


def holder(row: LeaseRow) -> Owner | None:
    """Return who holds the lease of a row with token, owner, expires_at and now."""
    if not row.token or row.expires_at <= row.now:
        return None
    owner = Owner(**json.loads(row.owner))
    return None if is_dead(owner) else owner


def _read(connection: Connection, study_id: int) -> LeaseRow:
    columns = (tables.lease.c.epoch, tables.lease.c.owner, tables.lease.c.token, tables.lease.c.expires_at)
    query = select(*columns, now().label("now")).where(tables.lease.c.study_id == study_id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise StudyNotFound(f"no study with id {study_id}")
    return row


def _change(connection: Connection, lease: Lease, until: object) -> bool:
    return connection.execute(update(tables.lease).where(_is(lease)).values(expires_at=until)).rowcount == 1


def _is(lease: Lease) -> ColumnElement[bool]:
    columns = tables.lease.c
    return and_(columns.study_id == lease.study_id, columns.epoch == lease.epoch, columns.token == lease.token)


def _busy(owner: Owner, expires_at: float) -> str:
    until = datetime.fromtimestamp(expires_at, UTC).isoformat(timespec="seconds")
    return f"the study is run by {owner}, whose lease lasts until {until} unless it is renewed"


def _lost(lease: Lease) -> str:
    return f"lease {lease.epoch} of study {lease.study_id} was taken over: nothing more is written"
