"""An SQLite file that is locked, deleted, truncated, read-only, or on a network file system."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, Run, small, wait_for

from nas.storage import Storage

STUDY = {"task": "digits", "batch_size": 4, "trials": 16, "epochs": 12}
ENDLESS = {**STUDY, "trials": 100_000}
SHORT = {**STUDY, "trials": 6, "epochs": 6}
EPOCHS = "SELECT count(*) FROM nas_epoch"
TABLE = "29 1 8:1 / / rw,relatime - ext4 /dev/vda rw\n40 29 0:50 / {0} rw,relatime shared:9 - {1} server:/export rw\n"


def begin(desk: Desk, *prefix: str, study: dict[str, object] = STUDY) -> Run:
    """Start a search, and wait until it has a trial on record."""
    run = desk.start("run", desk.write(small(**study)), "--storage", desk.url, "--json", prefix=prefix)
    run.wait_event("trial.finished")
    return run


def only_error(run: Run) -> str:
    """Return the one error that a search ends with."""
    assert run.end() == 6, run.stderr
    assert "Traceback" not in run.stderr
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert run.stderr.endswith(f"{line}\n")
    return line


def resume(desk: Desk) -> Run:
    return desk.nas("resume", "s", "--storage", desk.url, "--json")


def test_a_search_waits_while_another_process_locks_the_file_for_nine_seconds(desk: Desk) -> None:
    run = begin(desk)
    with closing(sqlite3.connect(desk.folder / "nas.db", timeout=60.0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        before = other.execute(EPOCHS).fetchone()
        time.sleep(9.0)
        assert run.lives()
        assert other.execute(EPOCHS).fetchone() == before
        other.execute("ROLLBACK")
    assert run.end() == 0, run.stderr
    assert run.stderr == ""
    assert len(invariants(desk.url, ended=True)) == STUDY["trials"]


def test_a_search_whose_file_is_deleted_ends_and_says_so(desk: Desk) -> None:
    run = begin(desk, study=ENDLESS)
    (desk.folder / "nas.db").unlink()
    assert "was deleted or replaced while it was in use" in only_error(run)
    assert not (desk.folder / "nas.db").exists()


def test_a_log_without_its_file_is_no_new_database(desk: Desk) -> None:
    run = begin(desk, study=ENDLESS)
    (desk.folder / "nas.db").unlink()
    assert run.end() == 6
    study = desk.write(small())
    again = desk.nas("run", study, "--storage", desk.url)
    assert "nas.db-wal is still there: bring the file back" in only_error(again)
    for left in desk.folder.glob("nas.db-*"):
        left.unlink()
    anew = desk.nas("run", study, "--storage", desk.url)
    assert anew.end() == 0, anew.stderr
    invariants(desk.url, ended=True)


def test_a_search_whose_file_is_truncated_ends_and_goes_on_from_a_backup(desk: Desk) -> None:
    run = begin(desk)
    with Storage.open(desk.url) as storage:
        storage.backup(desk.folder / "kept.db")
    before = invariants(f"sqlite:///{desk.folder}/kept.db")
    with closing(sqlite3.connect(desk.folder / "nas.db", timeout=60.0)) as other:
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")  # else all may be in the log still
        seen = other.execute(EPOCHS).fetchone()
        wait_for(lambda: other.execute(EPOCHS).fetchone() != seen)
    os.truncate(desk.folder / "nas.db", 8192)
    assert "restore a backup" in only_error(run)  # whoever notices first, the search or SQLite
    assert "restore a backup" in only_error(resume(desk))
    for left in desk.folder.glob("nas.db*"):
        left.unlink()
    shutil.copy(desk.folder / "kept.db", desk.folder / "nas.db")
    assert resume(desk).end() == 0
    assert len(invariants(desk.url, before=before, ended=True)) == STUDY["trials"]


@pytest.mark.parametrize("what", ["nas.db", "."])
def test_a_study_in_a_file_or_folder_that_became_read_only_goes_on_when_it_no_longer_is(desk: Desk, what: str) -> None:
    plain = bound_by_permissions()
    run = begin(desk, *plain, study=SHORT)
    run.kill()
    before = invariants(desk.url)
    logs = desk.folder.parent / f"{desk.folder.name}-logs"
    logs.mkdir()
    desk.logs = logs
    for left in desk.folder.glob("nas.db-*"):
        left.unlink()
    path = desk.folder / what
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222)
    refused = desk.start("resume", "s", "--storage", desk.url, prefix=plain)
    told = only_error(refused)
    path.chmod(mode)
    assert "read-only" in told or "cannot be opened" in told
    assert resume(desk).end() == 0
    assert len(invariants(desk.url, before=before, ended=True)) == SHORT["trials"]


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_file_on_a_network_file_system_is_refused(desk: Desk, kind: str, tmp_path: Path) -> None:
    refused = desk.start("run", desk.write(small()), "--storage", desk.url, prefix=mounted(tmp_path, desk.folder, kind))
    told = only_error(refused)
    assert f"is on a network file system ({kind} at {desk.folder})" in told
    assert "use PostgreSQL" in told
    assert not (desk.folder / "nas.db").exists()


def test_a_file_on_a_disk_that_is_mounted_here_is_accepted(desk: Desk, tmp_path: Path) -> None:
    Storage.open(desk.url).close()
    listing = desk.start("ls", "--storage", desk.url, prefix=mounted(tmp_path, desk.folder, "xfs"))
    assert listing.end() == 0, listing.stderr


def bound_by_permissions() -> tuple[str, ...]:
    """Return a prefix under which root, too, may write only what permissions let it."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root writes read-only files, and there is no setpriv to keep it from that")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")


def mounted(place: Path, point: Path, kind: str) -> tuple[str, ...]:
    """Return a prefix under which the kernel's table of mounts says that a folder is on such a file system."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("mounting needs root: unshare -m is not permitted here")
    table = place / "mounts"
    table.write_text(TABLE.format(str(point).replace(" ", r"\040"), kind))
    return ("unshare", "-m", "sh", "-c", f'mount --bind "{table}" /proc/$$/mountinfo && exec "$@"', "sh")
