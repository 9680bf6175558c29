"""Opening a database: fresh, foreign, old, new, broken, locked, missing, from many processes at once."""

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from nas.errors import SchemaError, StorageError, StudyNotFound
from nas.storage import Lease, Storage, StudyRecord, migrations, schema, sqlite, tables
from nas.trials import Trial

Script = Callable[..., subprocess.Popen[str]]
BIG = "x" * 200_000


def set_revision(path: Path, revision: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE nas_alembic_version SET version_num = ?", (revision,))
    connection.close()


def test_a_fresh_file_is_given_its_tables(storage: Storage) -> None:
    assert (storage.status().schema, storage.studies()) == (schema.NEWEST, [])


def test_an_empty_file_is_given_its_tables(path: Path, url: str) -> None:
    path.touch()
    with Storage.open(url, create=False) as storage:
        assert storage.studies() == []


def test_what_was_stored_is_there_when_opened_again(storage: Storage, url: str, study: StudyRecord) -> None:
    storage.close()
    with Storage.open(url, create=False) as again:
        assert again.studies() == [study]


def test_eight_processes_may_open_a_fresh_file_at_once(url: str, script: Script) -> None:
    code = "import sys; from nas.storage import Storage; print(len(Storage.open(sys.argv[1]).studies()))"
    processes = [script(code, url) for _ in range(8)]
    assert [process.communicate() for process in processes] == [("0\n", "")] * 8


def test_the_newest_revision_is_the_one_that_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.NEWEST


def test_the_migrations_make_the_tables_that_the_code_describes(storage: Storage) -> None:
    with storage.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.VERSION_TABLE})
        assert compare_metadata(context, tables.metadata) == []


def test_the_connections_are_tuned(storage: Storage) -> None:
    with storage.reading() as connection:
        names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 1, 60_000, 1]


def test_tables_of_others_in_the_same_file_stay(path: Path, url: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE studies (study_id INTEGER)")
        connection.execute("INSERT INTO studies VALUES (7)")
    Storage.open(url).close()
    assert connection.execute("SELECT * FROM studies").fetchall() == [(7,)]
    connection.close()


def test_an_older_schema_names_the_command_that_upgrades_it(storage: Storage, path: Path, url: str) -> None:
    storage.close()
    set_revision(path, "0000")
    with pytest.raises(SchemaError, match=r"has schema 0000.*`nas db upgrade`"):
        Storage.open(url)


def test_a_newer_schema_is_refused(storage: Storage, path: Path, url: str) -> None:
    storage.close()
    set_revision(path, "9999")
    with pytest.raises(SchemaError, match=r"newer than .*install a newer version"):
        Storage.open(url)


def test_upgrading_a_newer_schema_is_refused(storage: Storage, path: Path, url: str) -> None:
    storage.close()
    set_revision(path, "9999")
    with pytest.raises(SchemaError, match=r"newer"):
        Storage.upgrade(url)


def test_upgrading_a_schema_nobody_knows_says_so_and_changes_nothing(storage: Storage, path: Path, url: str) -> None:
    storage.close()
    set_revision(path, "0000")
    with pytest.raises(SchemaError, match=r"schema 0000 cannot be upgraded"):
        Storage.upgrade(url)
    set_revision(path, schema.NEWEST)
    assert Storage.open(url).check() == []


def test_upgrading_the_newest_schema_changes_nothing(storage: Storage, url: str) -> None:
    assert Storage.upgrade(url) == schema.NEWEST


def test_upgrading_an_empty_file_gives_it_its_tables(path: Path, url: str) -> None:
    path.touch()
    assert Storage.upgrade(url) == ""
    assert Storage.open(url).status().schema == schema.NEWEST


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


@pytest.mark.parametrize(
    "url", ["nas.db", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "mysql://x/y", ""]
)
def test_an_unusable_url_says_what_a_usable_one_is(url: str) -> None:
    with pytest.raises(StorageError, match=r"try 'sqlite:///nas.db'"):
        Storage.open(url)


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
    storage.save(lease, trials=[running(0, reason=BIG)])
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
