"""Storage: the only way to the database that holds studies, their trials and leases."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from nas.errors import StorageError, StudyBusy, StudyExists
from nas.redaction import redacted
from nas.storage import check, leases, schema, tables
from nas.storage.backends.protocol import Database, connect
from nas.storage.backends.retries import translate_errors, with_retries
from nas.storage.owner import this_process
from nas.storage.records import Artifact, Lease, StorageStatus, StudyEvent, StudyRecord, StudyState
from nas.storage.rows import commands, queries
from nas.storage.rows.encoding import dump
from nas.storage.rows.queries import Curves, Epochs, Values
from nas.trials import Point, Standing, Trial
from workers.messages import TaskInfo

T = TypeVar("T")
_RELEASE_TIMEOUT = 10.0
"""Seconds in which a lease is given back, if ever."""


class Storage:
    """An open database; may be used from several threads. Every method may raise StorageError."""

    def __init__(self, url: str, database: Database) -> None:
        self.url, self.database = redacted(url), database

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open a database; an empty one is given its tables, and only `create` makes a missing file of SQLite.

        Raises:
            StudyNotFound: the file is missing and must not be created.
            StorageError: it cannot be opened or written, or is no database.
            SchemaError: it was written by another version of this project.
        """
        storage = cls(url, connect(url, create=create))
        try:
            with translate_errors(storage.database):
                schema.require_newest(storage.database)
        except BaseException:
            storage.close()
            raise
        return storage

    @classmethod
    def upgrade(cls, url: str) -> str:
        """Raise an existing database to the newest schema in one transaction, and return the schema it had."""
        storage = cls(url, connect(url, create=False))
        try:
            with translate_errors(storage.database):
                return schema.upgrade(storage.database)
        finally:
            storage.close()

    @property
    def address(self) -> str:
        """The URL that opens it from any folder; it holds the password, if there is one."""
        return self.database.address

    def close(self) -> None:
        """Close every connection; leases are not released."""
        self.database.writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def create(
        self,
        name: str,
        config: Mapping[str, object],
        task: TaskInfo,
        environment: Mapping[str, object],
        *,
        trials: Sequence[Trial] = (),
        events: Sequence[tuple[str, Mapping[str, object]]] = (),
    ) -> StudyRecord:
        """Record a new study in state RUNNING, with all it begins with; raise StudyExists when its name is taken."""
        now = datetime.now(UTC)
        row = {"name": name, "state": "RUNNING", "requested": "", "seconds": 0.0, "result": "{}"}
        documents = {"config": dump(config), "task": dump(asdict(task)), "environment": dump(environment)}
        owner = json.dumps(asdict(this_process()))

        def create(connection: Connection) -> StudyRecord:
            added = connection.execute(tables.study.insert().values(**row, **documents, created_at=now, updated_at=now))
            (study_id,) = added.inserted_primary_key or (0,)
            connection.execute(
                tables.lease.insert().values(study_id=study_id, epoch=0, owner=owner, token="", expires_at=0.0)
            )
            commands.write_trials(connection, study_id, trials)
            commands.write_points(
                connection, study_id, [(trial.number, point) for trial in trials for point in trial.curve]
            )
            commands.write_events(connection, study_id, events, at=now)
            return queries.read_study(connection, name)

        try:
            return self._write(create)
        except IntegrityError as error:
            found = self.find(name)
            if found is not None and found.created_at == now:
                return found  # it was committed at the first try, and its answer was lost
            raise StudyExists(f"a study {name!r} exists in {self.database.where}") from error

    def study(self, name: str) -> StudyRecord:
        """Return a study; raise StudyNotFound, with the nearest match, when there is none of that name."""
        return self._read(lambda connection: queries.read_study(connection, name))

    def find(self, name: str) -> StudyRecord | None:
        """Return a study, or None when there is none of that name."""
        return self._read(lambda connection: queries.find_study(connection, name))

    def studies(self) -> list[StudyRecord]:
        """Return all studies, oldest first."""
        return self._read(queries.read_studies)

    def acquire(self, study_id: int, *, seconds: float = 30.0) -> Lease:
        """Take a study's lease for so many seconds; one that expired, or whose owner is dead, is taken over at once.

        Raises:
            StudyBusy: another controller holds it; says who and until when.
        """
        token = leases.new_token()
        return self._write(lambda connection: leases.acquire(connection, study_id, seconds=seconds, token=token))

    def renew(self, lease: Lease, *, seconds: float = 30.0) -> str:
        """Hold a lease for longer; return what a user requests, "stop" or nothing. Raises LeaseLost."""
        with self.writing() as connection:
            return leases.renew(connection, lease, seconds=seconds)

    def release(self, lease: Lease) -> None:
        """Give a lease back; that is not tried for long, as it also expires by itself."""
        self._write(lambda connection: leases.release(connection, lease), seconds=_RELEASE_TIMEOUT)

    def save(
        self,
        lease: Lease,
        *,
        trials: Sequence[Trial] = (),
        points: Sequence[tuple[int, Point]] = (),
        artifacts: Sequence[Artifact] = (),
        dropped: Sequence[Artifact] = (),
        events: Sequence[tuple[str, Mapping[str, object]]] = (),
        forgotten: Sequence[int] = (),
        state: StudyState | None = None,
        config: Mapping[str, object] | None = None,
        result: Mapping[str, object] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Record all of it in one transaction, or nothing.

        Trials are inserted or updated by number, and once finished never change again (but for `forgotten`: the
        numbers of trials whose checkpoint file is no longer kept). A trial's curve is not read from it: the points
        are given apart, by trial number, and an epoch that is recorded already stays as it is. `dropped` artifacts are
        no longer on record.

        Raises:
            LeaseLost: the study is no longer this controller's, and nothing was written.
        """
        now = datetime.now(UTC)

        def save(connection: Connection) -> None:
            leases.require(connection, lease)
            commands.write_trials(connection, lease.study_id, trials)
            commands.write_points(connection, lease.study_id, points)
            commands.drop_artifacts(connection, lease.study_id, dropped)
            commands.write_artifacts(connection, lease.study_id, artifacts)
            commands.write_events(connection, lease.study_id, events, at=now)
            commands.forget_checkpoints(connection, lease.study_id, forgotten)
            commands.write_study(connection, lease.study_id, state=state, config=config, result=result, seconds=seconds)

        self._write(save)

    def trials(self, study_id: int, *, curves: Curves = "whole", numbers: Sequence[int] | None = None) -> list[Trial]:
        """Return trials in their order, all or those of these numbers, with as much of their curves as is asked for."""
        return self._read(lambda connection: queries.read_trials(connection, study_id, curves=curves, numbers=numbers))

    def standings(self, study_id: int) -> list[Standing]:
        """Return how all trials stand, in their order: what they are ranked and counted by."""
        return self._read(lambda connection: queries.read_standings(connection, study_id))

    def values(
        self,
        study_id: int,
        metric: str,
        *,
        epochs: Epochs = None,
        numbers: Collection[int] | None = None,
    ) -> Values:
        """Return one metric of trials, NaN where it was not measured; only at these epochs, and of these numbers."""
        return self._read(
            lambda connection: queries.read_values(connection, study_id, metric, epochs=epochs, numbers=numbers)
        )

    def trial(self, study_id: int, number: int) -> Trial:
        """Return one trial with its curve; raise StudyNotFound when there is none of that number."""
        return self._read(lambda connection: queries.read_one(connection, study_id, number))

    def artifacts(self, study_id: int) -> list[Artifact]:
        """Return the artifacts of a study in the order they were recorded."""
        return self._read(lambda connection: queries.read_artifacts(connection, study_id))

    def events(self, study_id: int, *, after: int = 0, kind: str = "") -> list[StudyEvent]:
        """Return the events of a study with a greater id than `after`, of one kind if one is named."""
        return self._read(lambda connection: queries.read_events(connection, study_id, after=after, kind=kind))

    def request(self, name: str, what: str = "stop") -> StudyRecord:
        """Ask a study's controller for something; the record says whether one is there to receive it (`holder`)."""

        def request(connection: Connection) -> StudyRecord:
            record = queries.read_study(connection, name)
            connection.execute(update(tables.study).where(tables.study.c.id == record.id).values(requested=what))
            return queries.read_study(connection, name)

        return self._write(request)

    def delete(self, name: str) -> None:
        """Delete a study and all that belongs to it; its files stay. Raises StudyBusy while it runs."""
        with self.writing() as connection:
            leases.lock_lease(connection, queries.read_study(connection, name).id)
            record = queries.read_study(connection, name)
            if record.holder is not None:
                raise StudyBusy(f"study {name!r} is run by {record.holder}: stop it first")
            connection.execute(delete(tables.study).where(tables.study.c.id == record.id))

    def status(self) -> StorageStatus:
        """Return what the database holds and how large it is."""
        with self.reading() as connection:
            studies, trials, points = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (tables.study, tables.trial, tables.epoch)
            )
            found, size = schema.revision(connection), self.database.bytes(connection)
        return StorageStatus(self.url, found, schema.NEWEST, studies, trials, points, size)

    def check(self, *, folder: str | Path = ".") -> list[str]:
        """Return every problem found in the database and in the files it names; relative ones are in `folder`."""
        try:
            with self.reading() as connection:
                found = self.database.integrity_errors(connection)
                return found or list(check.problems_of_studies(connection, Path(folder)))
        except StorageError as error:
            return [str(error)]

    def backup(self, path: str | Path) -> None:
        """Write a consistent copy to a new file, also while a study runs; a server has a command of its own."""
        target = Path(path)
        if target.exists():
            raise StorageError(f"cannot back up to {target}: it exists")
        with translate_errors(self.database, f"backup of {self.database.where} to {target}"):
            self.database.backup(target)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Hold one consistent snapshot."""
        with translate_errors(self.database), self.database.reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold a write transaction, of SQLite the only one; it commits at the end, or changes nothing."""
        with translate_errors(self.database), self.database.writer.begin() as connection:
            yield connection

    def _read(self, read: Callable[[Connection], T]) -> T:
        """Read in one snapshot, again if the connection is lost; the first of all, at opening, fails at once."""

        def once() -> T:
            with self.database.reader.connect() as connection:
                return read(connection)

        with translate_errors(self.database):
            return with_retries(self.database, once)

    def _write(self, write: Callable[[Connection], T], *, seconds: float = math.inf) -> T:
        """Do what may be done twice in a transaction, again if the connection is lost."""

        def once() -> T:
            with self.database.writer.begin() as connection:
                return write(connection)

        with translate_errors(self.database):
            return with_retries(self.database, once, seconds=seconds)
