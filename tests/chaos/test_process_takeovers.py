"""A controller that is stopped until another has its study, or killed and away for a while."""

import signal
import time
from contextlib import suppress
from typing import Any

import pytest
from invariants import invariants
from outside import Desk, Run, wait_for
from patient import PLUGIN, events, signalled, troubled
from sqlalchemy import create_engine, update
from sqlalchemy.exc import OperationalError

from nas.storage import Storage, tables

SMALL: dict[str, Any] = {"trials": 4, "epochs": 5, "pause": 0.05, "executor": "{process: {workers: 1}}"}


def begun(desk: Desk) -> Run:
    desk.plugins = (PLUGIN,)
    run = desk.start("run", desk.write(troubled(**SMALL)), "--storage", desk.url, "--json")
    run.wait_event("trial.finished")
    return run


def expire(desk: Desk, first: Run) -> None:
    """Stop it and let its lease run out; where that came while it wrote, which locks what it writes, do it again."""
    patience = {"options": "-c lock_timeout=500"} if desk.address else {"timeout": 0.5}
    engine = create_engine(desk.url, connect_args=patience)
    while True:
        signalled(signal.SIGSTOP, first.pid)
        with suppress(OperationalError), engine.begin() as connection:
            connection.execute(update(tables.lease).values(expires_at=0.0))
            break
        signalled(signal.SIGCONT, first.pid)
        time.sleep(0.05)
    engine.dispose()


def finish_and_wake(desk: Desk, first: Run) -> None:
    """Finish the study with a second controller, then let the first go on: it must leave everything as it is."""
    second = desk.nas("resume", "s", "--storage", desk.url)
    assert second.end() == 0, second.stderr
    done, said = invariants(desk.url, ended=True), events(desk)
    files = sorted(desk.folder.glob("runs/**/*.safetensors"))
    signalled(signal.SIGCONT, first.pid)
    assert first.end() == 5, first.stderr
    assert "another controller has taken over" in first.stderr or "was taken over: nothing more" in first.stderr
    assert "Traceback" not in first.stderr
    assert not desk.no_orphans()
    assert (invariants(desk.url, ended=True), events(desk)) == (done, said)
    assert set(files) <= set(desk.folder.glob("runs/**/*.safetensors"))


def test_a_controller_stopped_past_its_lease_writes_nothing_more(any_desk: Desk) -> None:
    first = begun(any_desk)
    expire(any_desk, first)
    finish_and_wake(any_desk, first)


@pytest.mark.slow
def test_a_stopped_controller_is_waited_for_until_its_lease_has_run_out(desk: Desk) -> None:
    first = begun(desk)
    expire(desk, first)
    signalled(signal.SIGCONT, first.pid)
    with Storage.open(desk.url) as storage:
        wait_for(lambda: storage.study("s").holder is not None)  # it has renewed its lease
    signalled(signal.SIGSTOP, first.pid)
    began = time.monotonic()
    while (second := desk.nas("resume", "s", "--storage", desk.url, "--trials", "5")).end() == 5:
        assert f"process {first.pid} on" in second.stderr
        time.sleep(1)
    assert second.end() == 0, second.stderr
    assert time.monotonic() - began > 20
    finish_and_wake(desk, first)


@pytest.mark.slow
@pytest.mark.parametrize("away", [0, 20, 60])
def test_a_study_goes_on_after_its_controller_was_away(any_desk: Desk, away: float) -> None:
    run = begun(any_desk)
    run.kill()
    assert not any_desk.no_orphans()
    before = invariants(any_desk.url)
    time.sleep(away)
    again = any_desk.nas("resume", "s", "--storage", any_desk.url)
    assert again.end() == 0, again.stderr
    invariants(any_desk.url, before=before, ended=True)
