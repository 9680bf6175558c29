"""What is particular to a file: missing, foreign, broken, locked, deleted, copied."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import StorageError, StudyNotFound
from nas.storage import Lease, Storage, StudyRecord
from nas.storage.backends import sqlite
from nas.trials import Trial

BIG = "x" * 200_000


@pytest.fixture
def kind() -> str:
    return "sqlite"


def test_an_empty_file_is_given_its_tables(path: Path, url: str) -> None:
    path.touch()
    with Storage.open(url, create=False) as storage:
        assert storage.studies() == []


def test_the_connections_are_tuned(storage: Storage) -> None:
    with storage.reading() as connection:
        names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 1, 60_000, 1]


def test_a_missing_file_is_not_created_unless_asked_for(path: Path, url: str) -> None:
    with pytest.raises(StudyNotFound, match=r"no database .*nas.db"):
        Storage.open(url, create=False)
    assert not path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"folder .*nowhere does not exist"):
        Storage.open(f"sqlite:///{tmp_path}/nowhere/nas.db")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"is a folder"):
        Storage.open(f"sqlite:///{tmp_path}")


def test_a_relative_url_stays_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: StudyRecord
) -> None:
    monkeypatch.chdir(tmp_path)
    with Storage.open("sqlite:///here.db") as storage:
        monkeypatch.chdir("/")
        storage.create("a", {}, study.task, {})
    assert (tmp_path / "here.db").stat().st_size > 0


@pytest.mark.parametrize("name", ["with space.db", "a?b#c.db", "per%20cent.db", "{brace}.db", "ünï.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    storage = Storage.open(sqlite.url_of(tmp_path / name))
    storage.close()
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_garbage_is_no_database_and_stays_as_it_is(path: Path, url: str) -> None:
    path.write_bytes(b"not a database at all, " * 1000)
    with pytest.raises(StorageError, match=r"nas.db: it is not a database"):
        Storage.open(url)
    assert path.read_bytes() == b"not a database at all, " * 1000


def test_a_truncated_file_says_what_to_do(
    storage: Storage, lease: Lease, path: Path, url: str, running: Callable[..., Trial]
) -> None:
    storage.save(lease, trials=[running(0, sampler_state={"big": BIG})])
    storage.close()
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(StorageError, match=r"it is damaged: restore a backup"), Storage.open(url) as torn:
        torn.trials(1)


def test_a_locked_file_is_waited_for_and_then_reported(
    storage: Storage, path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.close()
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with Storage.open(url) as impatient, pytest.raises(StorageError, match=r"another process has locked it"):
        impatient.request("first")
    foreign.close()


def test_a_file_deleted_while_in_use_is_noticed_and_not_created_anew(
    storage: Storage, lease: Lease, path: Path
) -> None:
    path.unlink()
    with pytest.raises(StorageError, match=r"nas.db was deleted or replaced"):
        storage.save(lease, events=[("x", {})])
    assert not path.exists()


def test_a_backup_is_a_database_with_everything(
    storage: Storage, lease: Lease, study: StudyRecord, tmp_path: Path, running: Callable[..., Trial]
) -> None:
    storage.save(lease, trials=[running(0)])
    storage.backup(tmp_path / "copy.db")
    with Storage.open(f"sqlite:///{tmp_path}/copy.db", create=False) as copy:
        assert copy.trials(study.id) == [running(0)]


def test_a_backup_overwrites_nothing(storage: Storage, path: Path) -> None:
    with pytest.raises(StorageError, match=r"it exists"):
        storage.backup(path)


def test_a_backup_into_a_missing_folder_says_so(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be opened"):
        storage.backup(tmp_path / "nowhere" / "copy.db")


def test_a_damaged_file_is_found(
    storage: Storage, lease: Lease, url: str, path: Path, complete: Callable[..., Trial]
) -> None:
    storage.save(lease, trials=[complete(number, reason="x" * 3000) for number in range(50)])
    storage.close()
    content = bytearray(path.read_bytes())
    content[40_000:80_000] = b"\xff" * 40_000
    path.write_bytes(content)
    with Storage.open(url) as damaged:
        assert damaged.check()
