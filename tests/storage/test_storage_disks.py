"""Disks of a file's database: full, limited, read-only."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.storage import Storage

Script = Callable[..., subprocess.Popen[str]]

FILL = """
import shutil, sys
from nas.errors import StorageError
from nas.storage import Storage
from workers.messages import TaskInfo

def free():
    open(f"{sys.argv[1]}/ballast", "w").close()

folder = sys.argv[1]
storage = Storage.open(f"sqlite:///{folder}/nas.db")
study = storage.create("s", {}, TaskInfo("t", "regression", (1,), 1, (1, 1, 1), ("loss",), "mse", "0" * 64), {})
lease = storage.acquire(study.id)
saved = 0
try:
    while True:
        storage.save(lease, events=[("filler", {"text": "x" * 20_000})])
        saved += 1
except StorageError as error:
    print(error)
assert len(storage.events(study.id)) == saved > 3, "a save that failed wrote something, or one that worked was lost"
free()
storage.save(lease, events=[("after", {})])
assert len(storage.events(study.id)) == saved + 1
assert storage.check() == []
"""

WRITE = """
import sys
from nas.errors import StorageError
from nas.storage import Storage
try:
    with Storage.open(f"sqlite:///{sys.argv[1]}/nas.db") as storage:
        storage.request("s")
except StorageError as error:
    print(error)
"""


def test_a_full_disk_is_reported_and_work_goes_on_when_there_is_space(tmp_path: Path, script: Script) -> None:
    output = in_mounts(
        script,
        "mount -t tmpfs -o size=1200k tmpfs {0}; head -c 300000 /dev/zero > {0}/ballast",
        FILL,
        tmp_path,
    )
    assert "nas.db: the disk" in output
    assert "`nas resume`" in output


def test_a_file_size_limit_is_reported(tmp_path: Path, script: Script) -> None:
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, -1))\n"
    raised = "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n"
    code = FILL.replace("\nfree()\n", f"\n{raised}")
    output, errors = script(limit + code, tmp_path).communicate()
    assert errors == ""
    assert "nas.db: the disk" in output


def test_a_read_only_disk_is_reported(tmp_path: Path, script: Script) -> None:
    with Storage.open(f"sqlite:///{tmp_path}/nas.db"):
        pass
    output = in_mounts(script, "mount --bind {0} {0}; mount -o remount,ro,bind {0}", WRITE, tmp_path)
    assert "nas.db: it is read-only" in output or "nas.db: it cannot be opened" in output


def test_a_missing_file_on_a_read_only_disk_is_reported(tmp_path: Path, script: Script) -> None:
    output = in_mounts(script, "mount --bind {0} {0}; mount -o remount,ro,bind {0}", WRITE, tmp_path)
    assert "nas.db: Read-only file system" in output


def in_mounts(script: Script, mounts: str, code: str, folder: Path) -> str:
    """Run code in a mount namespace of its own; skip where that is not allowed."""
    if os.name != "posix" or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("mounting needs root: unshare -m is not permitted here")
    prepare = f'set -e; {mounts.format(folder)}; exec "$@"'
    process = script(code, folder, prefix=("unshare", "-m", "sh", "-c", prepare, "sh"))
    output, errors = process.communicate()
    assert errors == ""
    return output
