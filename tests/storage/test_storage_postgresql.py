"""What is particular to a server: that is not there, goes away, comes back, is full, or asks for a password."""

import contextlib
import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Timer
from typing import Any

import psycopg
import pytest
from postgres_server import PASSWORD, Server
from sqlalchemy import event, select
from sqlalchemy.engine import make_url

from nas.controller.lease_heartbeat import LeaseHeartbeat
from nas.errors import StorageError, StudyBusy, StudyExists
from nas.redaction import redacted
from nas.storage import Lease, Storage, StudyRecord, leases, tables
from nas.trials import Trial
from workers.messages import TaskInfo

Maker = Callable[..., Trial]


@pytest.fixture
def kind() -> str:
    return "postgresql"


@pytest.fixture
def outage(postgres: Server) -> Iterator[Callable[[float], None]]:
    """Take the server away, and bring it back after some seconds."""
    timers: list[Timer] = []

    def begin(seconds: float) -> None:
        postgres.kill()
        timers.append(Timer(seconds, postgres.start))
        timers[-1].start()

    yield begin
    for timer in timers:
        timer.join()


def end_backends(postgres: Server, url: str) -> None:
    """End every connection to a database, as an administrator may."""
    name = make_url(url).database
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def all_connections(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Take every connection that the server still has."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            yield psycopg.connect(url.replace("+psycopg", ""))


def close_all(connections: Sequence[psycopg.Connection[Any]]) -> None:
    for connection in connections:
        connection.close()


def study_epoch(storage: Storage, study: StudyRecord) -> int:
    """Return how often the study's lease was taken."""
    query = select(tables.lease.c.epoch).where(tables.lease.c.study_id == study.id)
    with storage.reading() as connection:
        return int(connection.execute(query).scalar_one())


def save_all(storage: Storage, lease: Lease, trial: Trial) -> None:
    points = [(trial.number, point) for point in trial.curve]
    storage.save(lease, trials=[trial], points=points, events=[("done", {"number": trial.number})])


def assert_once(storage: Storage, study: StudyRecord, *trials: Trial) -> None:
    """Assert that these trials are stored, and what happened to each is stored once."""
    assert storage.trials(study.id) == list(trials)
    assert [event.content["number"] for event in storage.events(study.id)] == [trial.number for trial in trials]


def test_a_cut_network_is_noticed_within_ten_seconds(storage: Storage) -> None:
    with storage.reading() as connection:
        driver: Any = connection.connection.driver_connection
        given = {name: int(value) for name, value in driver.info.get_parameters().items() if value.isdigit()}
    assert given["tcp_user_timeout"] / 1000 + given["connect_timeout"] < 10  # what is sent is lost, so is a new try
    assert given["keepalives_idle"] + given["keepalives_interval"] * given["keepalives_count"] < 10  # an answer is lost


def test_what_a_url_says_of_time_outs_holds(url: str) -> None:
    with Storage.open(f"{url}?connect_timeout=17") as storage, storage.reading() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.info.get_parameters()["connect_timeout"] == "17"


def test_a_server_that_never_answers_is_given_up(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = make_url(url).set(port=silent.getsockname()[1]).update_query_dict({"connect_timeout": "2"})
        began = time.monotonic()
        with pytest.raises(StorageError, match=r"the server cannot be reached: .*time"):
            Storage.open(deaf.render_as_string(hide_password=False))
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"port": 1}, "the server cannot be reached: .* Connection refused$"),
        ({"password": "wrong" + PASSWORD}, "it does not let us in: .*PGPASSWORD"),
        ({"username": "nobody"}, "it does not let us in"),
        ({"database": "none"}, "there is no such database: create it with `createdb`"),
        ({"host": "no.such.host.invalid"}, "the server cannot be reached"),
    ],
)
def test_a_server_that_cannot_be_used_says_why(url: str, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StorageError, match=sentence) as caught:
        Storage.open(make_url(url).set(**changes).render_as_string(hide_password=False))
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_names_the_extra_that_installs_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=r"needs psycopg: pip install 'nas-service\[postgres\]'"):
        Storage.open(url)


def test_the_url_of_libpq_is_understood(url: str) -> None:
    with Storage.open(url.replace("+psycopg", "")) as storage:
        assert storage.studies() == []


def test_a_save_outlives_a_restart_of_the_server(
    storage: Storage,
    study: StudyRecord,
    lease: Lease,
    complete: Maker,
    outage: Callable[[float], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    heartbeat = LeaseHeartbeat(storage, lease, interval=0.1)
    heartbeat.start()
    save_all(storage, lease, complete(0))
    outage(3.0)
    began = time.monotonic()
    save_all(storage, lease, complete(1))
    assert 2 < time.monotonic() - began < 15
    storage.request("first")
    deadline = time.monotonic() + 10
    while not heartbeat.requested and time.monotonic() < deadline:
        time.sleep(0.05)
    heartbeat.close()
    assert (heartbeat.requested, heartbeat.lost) == ("stop", False)
    assert_once(storage, study, complete(0), complete(1))
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert told[0].endswith("trying again")
    assert "canary" not in caplog.text


def test_a_command_that_finds_the_server_away_fails_at_once(url: str, outage: Callable[[float], None]) -> None:
    outage(0.5)
    with pytest.raises(StorageError, match="the server cannot be reached"):
        Storage.open(url)


def test_a_lease_is_taken_once_the_server_is_back(
    storage: Storage, study: StudyRecord, lease: Lease, outage: Callable[[float], None]
) -> None:
    storage.release(lease)
    outage(0.5)
    storage.save(storage.acquire(study.id), seconds=1.0)


def test_what_is_read_is_read_once_the_server_is_back(
    storage: Storage, study: StudyRecord, outage: Callable[[float], None]
) -> None:
    outage(0.5)
    assert storage.study("first") == study


def test_patience_ends(
    storage: Storage, lease: Lease, outage: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.database, "retry_timeout", 0.5)
    outage(1.5)
    with pytest.raises(StorageError, match="the server cannot be reached"):
        storage.save(lease, seconds=1.0)


def test_a_save_after_its_connections_were_ended_works(
    storage: Storage, study: StudyRecord, lease: Lease, complete: Maker, postgres: Server, url: str
) -> None:
    end_backends(postgres, url)
    save_all(storage, lease, complete(0))
    assert_once(storage, study, complete(0))


@pytest.mark.parametrize("statement", ["SELECT nas_lease", "INSERT INTO nas_epoch", "UPDATE nas_study"])
def test_a_save_whose_connection_is_ended_midway_is_done_once(
    storage: Storage, study: StudyRecord, lease: Lease, complete: Maker, postgres: Server, url: str, statement: str
) -> None:
    ended: list[str] = []

    def end_once(connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if sql.startswith(statement) and not ended:
            ended.append(sql)
            end_backends(postgres, url)

    event.listen(storage.database.writer, "before_cursor_execute", end_once)
    save_all(storage, lease, complete(0))
    assert len(ended) == 1
    assert_once(storage, study, complete(0))


@pytest.fixture
def unheard(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lose the connection just after the next commit; one entry says that it happened."""
    happened: list[int] = []
    dialect = storage.database.writer.dialect
    commit = type(dialect).do_commit

    def commit_unheard(connection: Any) -> None:
        commit(dialect, connection)
        if not happened:
            happened.append(1)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(dialect, "do_commit", commit_unheard)
    return happened


def test_a_save_that_was_committed_unheard_is_done_once(
    storage: Storage, study: StudyRecord, lease: Lease, complete: Maker, unheard: list[int]
) -> None:
    save_all(storage, lease, complete(0))
    assert unheard == [1]
    assert_once(storage, study, complete(0))


def test_a_lease_that_was_taken_unheard_is_ours(storage: Storage, study: StudyRecord, unheard: list[int]) -> None:
    lease = storage.acquire(study.id)
    assert unheard == [1]
    assert lease.epoch == study_epoch(storage, study) == 1
    storage.save(lease, seconds=1.0)


def test_a_study_that_was_created_unheard_is_ours(storage: Storage, task: TaskInfo, unheard: list[int]) -> None:
    study = storage.create("first", {}, task, {})
    assert unheard == [1]
    assert storage.studies() == [study]


def test_a_study_of_the_same_name_is_not_ours(storage: Storage, study: StudyRecord) -> None:
    with pytest.raises(StudyExists):
        storage.create("first", {}, study.task, {})


def test_a_full_server_is_waited_for(
    storage: Storage, study: StudyRecord, lease: Lease, complete: Maker, postgres: Server, url: str
) -> None:
    storage.database.writer.dispose()
    others = list(all_connections(url))
    with pytest.raises(StorageError, match="no connection free"):
        Storage.open(url)
    leaving = Timer(1.0, close_all, [others])
    leaving.start()
    save_all(storage, lease, complete(0))
    leaving.join()
    assert_once(storage, study, complete(0))


def test_studies_do_not_wait_for_each_other(storage: Storage, study: StudyRecord, lease: Lease, url: str) -> None:
    other = storage.create("other", {}, study.task, {})
    with storage.writing() as connection:
        leases.require(connection, lease)
        theirs = storage.acquire(other.id)
        storage.save(theirs, seconds=1.0)


def test_a_study_that_is_being_taken_is_not_deleted(storage: Storage, study: StudyRecord) -> None:
    with storage.writing() as connection:
        leases.acquire(connection, study.id, seconds=30.0, token="mine")
        connection.commit()
        with pytest.raises(StudyBusy):
            storage.delete("first")


def test_a_backup_is_left_to_the_servers_own_command(storage: Storage) -> None:
    with pytest.raises(StorageError, match=r"pg_dump --format=custom --file='my copy' postgresql://nas@127") as caught:
        storage.backup("my copy")
    assert "canary" not in str(caught.value)


def test_the_status_tells_the_size_and_no_password(storage: Storage) -> None:
    status = storage.status()
    assert status.bytes > 1_000_000
    assert "canary" not in repr(status)
    assert ":***@" in status.url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:///nas.db", "sqlite:///nas.db"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u:p/a:b@c@h:1/d", "postgresql+psycopg://***"),
        ("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("postgresql://:p@/d", "postgresql://:***@/d"),
    ],
)
def test_a_password_is_hidden_wherever_it_is_in_a_url(text: str, shown: str) -> None:
    assert redacted(text) == shown
