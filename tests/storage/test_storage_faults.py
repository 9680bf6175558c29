"""Faults that are made to happen: kill -9 while saving, a full disk, a read-only one, a renamed file."""

import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.storage import Storage, StudyRecord

Script = Callable[..., subprocess.Popen[str]]

SAVE_FOR_EVER = """
import sys
from itertools import count
from dataclasses import replace
from nas.storage import Storage
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Recipe

storage = Storage.open(sys.argv[1])
study = storage.studies()[0]
lease = storage.acquire(study.id)
done = [trial.number for trial in storage.trials(study.id, curves=False)]
print("saving", flush=True)
for number in count(max(done, default=-1) + 1):
    trial = Trial(number, {"depth": 1}, Candidate(Architecture("mlp"), Recipe(), 0), TrialState.RUNNING)
    storage.save(lease, trials=[trial])
    points = [Point(epoch, {"loss": 1.0}, 0.1) for epoch in range(1, 6)]
    ended = replace(trial, state=TrialState.COMPLETE, values=(1.0,), finished_at=study.created_at)
    storage.save(lease, trials=[ended], points=[(number, point) for point in points], events=[("done", {"n": number})])
    print(number, flush=True)
"""

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


def test_twenty_kills_while_saving_lose_and_tear_nothing(
    storage: Storage, url: str, study: StudyRecord, script: Script
) -> None:
    moments, finished = random.Random(0), set[int]()
    for _ in range(20):
        process = script(SAVE_FOR_EVER, url)
        assert process.stdout is not None
        assert process.stdout.readline() == "saving\n"
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        told, _ = process.communicate()
        trials = storage.trials(study.id)
        ended = [trial for trial in trials if trial.state.finished]
        finished |= {int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")}
        assert {trial.number for trial in ended} >= finished
        assert all(len(trial.curve) == (5 if trial.state.finished else 0) for trial in trials)
        assert len(storage.events(study.id)) == len(ended)
    assert len(finished) > 20
    assert [found for found in storage.check() if "is RUNNING" not in found and "its budget" not in found] == []


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


def test_a_reader_is_not_disturbed_by_a_writer(storage: Storage, url: str, study: StudyRecord) -> None:
    with storage.writing(), Storage.open(url) as reader:
        assert reader.studies() == [study]


def in_mounts(script: Script, mounts: str, code: str, folder: Path) -> str:
    """Run code in a mount namespace of its own; skip where that is not allowed."""
    if os.name != "posix" or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("mounting needs root: unshare -m is not permitted here")
    prepare = f'set -e; {mounts.format(folder)}; exec "$@"'
    process = script(code, folder, prefix=("unshare", "-m", "sh", "-c", prepare, "sh"))
    output, errors = process.communicate()
    assert errors == ""
    return output
