"""Opening a database of any kind: fresh, foreign, old, new, from many processes at once."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from nas.errors import SchemaError, StorageError
from nas.storage import Storage, StudyRecord, migrations, schema, tables
from nas.storage.backends.protocol import KINDS, connect

Script = Callable[..., subprocess.Popen[str]]


def set_revision(storage: Storage, revision: str) -> None:
    """Set what a database says of its schema, and close it."""
    with storage.writing() as connection:
        connection.exec_driver_sql(f"UPDATE nas_alembic_version SET version_num = '{revision}'")
    storage.close()


def test_there_are_two_kinds_of_databases() -> None:
    files = {file.stem for file in (Path(str(schema.__file__)).parent / "backends").glob("*.py")}
    assert len(KINDS) == len(files & set(KINDS)) == 2


def test_a_fresh_database_is_given_its_tables(blank: str) -> None:
    with Storage.open(blank) as storage:
        assert (storage.status().schema, storage.studies()) == (schema.NEWEST, [])


def test_what_was_stored_is_there_when_opened_again(storage: Storage, url: str, study: StudyRecord) -> None:
    storage.close()
    with Storage.open(url, create=False) as again:
        assert again.studies() == [study]


def test_eight_processes_may_open_a_fresh_database_at_once(kind: str, path: Path, blank: str, script: Script) -> None:
    if kind == "sqlite":
        path.touch()
    opening = "import sys; from nas.storage import Storage; print(len(Storage.open(sys.argv[1]).studies()))"
    upgrading = "import sys; from nas.storage import Storage; Storage.upgrade(sys.argv[1]); print(0)"
    processes = [script(code, blank) for code in (opening, upgrading) * 4]
    assert [process.communicate() for process in processes] == [("0\n", "")] * 8
    with Storage.open(blank) as storage:
        assert (storage.status().schema, storage.check()) == (schema.NEWEST, [])


def test_the_newest_revision_is_the_one_that_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.NEWEST


def test_the_migrations_make_the_tables_that_the_code_describes(storage: Storage) -> None:
    with storage.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.VERSION_TABLE})
        assert compare_metadata(context, tables.metadata) == []


def test_tables_of_others_in_the_same_database_stay(blank: str) -> None:
    engine = create_engine(blank)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE studies (study_id INTEGER)")
        connection.exec_driver_sql("INSERT INTO studies VALUES (7)")
    Storage.open(blank).close()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM studies").all() == [(7,)]
    engine.dispose()


def test_an_older_schema_names_the_command_that_upgrades_it(storage: Storage, url: str) -> None:
    set_revision(storage, "0000")
    with pytest.raises(SchemaError, match=r"has schema 0000.*`nas db upgrade`"):
        Storage.open(url)


def test_a_newer_schema_is_refused(storage: Storage, url: str) -> None:
    set_revision(storage, "9999")
    with pytest.raises(SchemaError, match=r"newer than .*install a newer version"):
        Storage.open(url)


def test_upgrading_a_newer_schema_is_refused(storage: Storage, url: str) -> None:
    set_revision(storage, "9999")
    with pytest.raises(SchemaError, match=r"newer"):
        Storage.upgrade(url)


def test_upgrading_a_schema_nobody_knows_says_so_and_changes_nothing(storage: Storage, url: str) -> None:
    set_revision(storage, "0000")
    with pytest.raises(SchemaError, match=r"schema 0000 cannot be upgraded"):
        Storage.upgrade(url)
    set_revision(Storage("", connect(url, create=False)), schema.NEWEST)
    assert Storage.open(url).check() == []


def test_upgrading_an_empty_database_gives_it_its_tables(kind: str, path: Path, blank: str) -> None:
    if kind == "sqlite":
        path.touch()
    assert Storage.upgrade(blank) == ""
    with Storage.open(blank) as storage:
        assert storage.status().schema == schema.NEWEST


def test_upgrading_the_newest_schema_changes_nothing(storage: Storage, url: str) -> None:
    assert Storage.upgrade(url) == schema.NEWEST


@pytest.mark.parametrize(
    "url",
    [
        "nas.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "mysql://x/y",
        "postgresql+asyncpg://x/y",
        "postgresql://x",
        "sqlite:///x.db%00y",
        "sqlite:///\udcff.db",
        "sqlite:////dev/null",
        "",
    ],
)
def test_an_unusable_url_says_what_a_usable_one_is(url: str) -> None:
    with pytest.raises(StorageError, match=r"try 'sqlite:///nas.db'"):
        Storage.open(url)
