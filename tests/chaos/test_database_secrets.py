"""The password of a database, looked for wherever a search and its troubles leave something."""

from pathlib import Path

from outside import Desk, Run, small
from postgres_server import Server
from sqlalchemy import create_engine, make_url, text

CANARY = "canary"
"""Part of the password that is the same however it is escaped."""
SHOWN = (["show", "s"], ["db", "status"], ["db", "backup", "copy"])
_TABLES = "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'"


def test_a_password_is_nowhere_but_in_the_environment(server_desk: Desk, postgres: Server) -> None:
    desk, url = server_desk, server_desk.url
    study = small(task="digits", batch_size=4, trials=8, epochs=6, executor="{process: {workers: 1}}")
    run = start(desk, url, "run", desk.write(study), "--json")
    run.wait_event("trial.finished")
    commands = " ".join(desk.processes().values())
    assert "nas" in commands
    assert CANARY not in commands
    postgres.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{make_url(url).database}'"
    )
    assert run.end() == 0, run.stderr
    for arguments in SHOWN:
        start(desk, url, *arguments).end()
    refused = start(desk, url.replace(CANARY, f"wrong-{CANARY}"), "ls")
    assert refused.end() == 6
    assert "it does not let us in" in refused.stderr
    assert names_of_files_with(CANARY, desk.folder) == []
    assert CANARY not in everything_stored(url)


def start(desk: Desk, url: str, command: str, *arguments: object) -> Run:
    return desk.start(command, *arguments, prefix=("env", f"NAS_STORAGE={url}"))


def names_of_files_with(secret: str, folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [str(path) for path in files if secret.encode() in path.read_bytes()]


def everything_stored(url: str) -> str:
    """Return every row of every table as text."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.execute(text(_TABLES)).scalars().all()
        rows = [connection.execute(text(f"SELECT t::text FROM {name} t")).scalars().all() for name in names]
    engine.dispose()
    assert {"nas_study", "studies"} <= set(names)
    return "\n".join(row for some in rows for row in some)
