"""A wall clock that is set an hour forth or back while a search runs: leases and time limits hold."""

import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, wait_for
from patient import PLUGIN, Patient, troubled
from sqlalchemy import select

from nas.storage import Storage, tables

HOUR = 3600


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile what shifts the clock of a process."""
    if not shutil.which("cc"):
        pytest.skip("stepped clocks are not tested: there is no C compiler")
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).parent / "clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def expiry(desk: Desk) -> float:
    with Storage.open(desk.url) as storage, storage.reading() as connection:
        return float(connection.execute(select(tables.lease.c.expires_at)).scalar_one())


def has_stepped(patient: Patient, step: float) -> bool:
    return patient.run.lives() and abs(expiry(patient.desk) - time.time() - 30 - step) < 25


def test_a_stepped_clock_neither_ends_a_search_nor_gives_its_study_away(desk: Desk, shim: Path) -> None:
    offset = desk.folder / "offset"
    offset.write_text("0")
    desk.plugins, desk.variables = (PLUGIN,), {"LD_PRELOAD": str(shim), "FAKE_CLOCK": str(offset)}
    text = troubled(executor="{process: {workers: 1}}").replace("epochs: 6}", "epochs: 6, time: 30m}")
    patient = Patient.begin(desk, text)
    for step in (HOUR, -HOUR):
        offset.write_text(str(step))
        wait_for(partial(has_stepped, patient, step))
        patient.go_on()
        second = desk.nas("resume", "s", "--storage", desk.url)
        assert second.end() == 5, second.stderr
        assert f"process {patient.run.pid} on" in second.stderr
    patient.run.kill()
    assert not desk.no_orphans()
    done = len(desk.trials())
    third = desk.nas("resume", "s", "--storage", desk.url, "--trials", done)
    assert third.end() == 0, third.stderr
    invariants(desk.url, before=patient.seen, ended=True)
