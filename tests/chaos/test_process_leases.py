"""Two controllers race for the lease of one hundred studies whose controller was killed: one has each."""

import json
import os
import subprocess
import sys

from outside import ROOT, Desk

from nas.storage import Storage
from workers.messages import TaskInfo

RACES = 100
TASK = TaskInfo("t", "regression", (1,), 1, (1, 1, 1), ("loss",), "mse", "0" * 64)
RACER = """
import json, sys
from nas.errors import LeaseLost, StudyBusy
from nas.storage import Storage

storage, leases = Storage.open(sys.argv[1]), []
for line in sys.stdin:
    try:
        leases.append(storage.acquire(int(line)))
    except StudyBusy:
        leases.append(None)
    print("raced", flush=True)
    if len(leases) == int(sys.argv[2]):
        break
sys.stdin.readline()
for lease in leases:
    if lease is not None:
        storage.save(lease, events=[("won", {"epoch": lease.epoch})])
print(json.dumps([lease and lease.epoch for lease in leases]), flush=True)
sys.stdin.readline()
"""


def racer(url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RACER, url, str(RACES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def tell(racers: "list[subprocess.Popen[str]]", line: str) -> list[str]:
    """Tell all of them the same at once, and return what each answers."""
    for process in racers:
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
    return [process.stdout.readline().strip() for process in racers if process.stdout is not None]


def test_of_two_controllers_one_has_the_lease_each_of_one_hundred_times(any_desk: Desk) -> None:
    with Storage.open(any_desk.url) as storage:
        studies = [storage.create(f"s{number}", {}, TASK, {}).id for number in range(RACES)]
        former, *racers = [racer(any_desk.url) for _ in range(3)]
        try:
            for study in studies:
                tell([former], str(study))
            former.kill()
            former.wait()
            for study in studies:
                assert tell(racers, str(study)) == ["raced"] * 2
            won = [json.loads(answer) for answer in tell(racers, "")]
        finally:
            for process in (former, *racers):
                process.kill()
                process.communicate()
        assert [sorted(epochs, key=str) for epochs in zip(*won, strict=True)] == [[2, None]] * RACES
        assert [len(storage.events(study)) for study in studies] == [1] * RACES
