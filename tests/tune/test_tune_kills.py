"""A driver that ends in the middle, by kill -9 or Ctrl-C: no trial is lost, doubled or stuck.

`NAS_KILL_SEED` draws the moments.
"""

import os
import random
import signal
import sys
from pathlib import Path

import pytest
from invariants import Finished, invariants
from outside import Desk, Run, wait_for
from sqlalchemy import func, select
from tuning import opened, study_file

from nas.storage import Storage, tables
from nas.trials import TrialState


def study_of(desk: Desk, trials: int) -> Path:
    """Write a study whose epochs are long enough to come between."""
    return study_file(
        desk.folder, task="digits", batch_size=4, trials=trials, epochs=9, pruner="{asha: {first_rung: 2}}"
    )


def start(desk: Desk, cluster: str, study: Path) -> Run:
    return desk.launch(sys.executable, Path(__file__).with_name("tuning.py"), cluster, study)


def epochs(desk: Desk) -> int:
    """Count the epochs on record."""
    if not (desk.folder / "nas.db").exists():
        return 0
    with Storage.open(desk.url) as storage, storage.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.epoch)).scalar_one())


def wait_for_epochs(desk: Desk, run: Run, more: int) -> None:
    """Wait until so many more are on record."""
    done = epochs(desk)
    wait_for(lambda: run.lives() and epochs(desk) >= done + more)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_driver_killed_at_random_moments_loses_nothing(cluster: str, desk: Desk, kills: int) -> None:
    seed = int(os.environ.get("NAS_KILL_SEED", "0"))
    print(f"NAS_KILL_SEED={seed}")  # noqa: T201  # shown where the test fails
    moments = random.Random(seed)
    seen: Finished = {}
    study = study_of(desk, trials=4 * kills)
    for _ in range(kills):
        run = start(desk, cluster, study)
        wait_for_epochs(desk, run, moments.randint(1, 6))
        run.kill()
        seen = invariants(desk.url, before=seen)
    run = start(desk, cluster, study)
    assert run.end() == 0, run.stderr
    invariants(desk.url, before=seen, ended=True)
    trials = opened(study).trials
    assert len(trials) == 4 * kills
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert desk.state() == "FINISHED"
    assert max(trial.attempt for trial in trials) > 1


def test_a_driver_that_is_interrupted_leaves_trials_that_wait(cluster: str, desk: Desk) -> None:
    study = study_of(desk, trials=8)
    run = start(desk, cluster, study)
    wait_for_epochs(desk, run, 2)
    run.process.send_signal(signal.SIGINT)
    run.end()
    invariants(desk.url, ended=True)
    assert desk.state() == "STOPPED"
    assert TrialState.WAITING in {trial.state for trial in opened(study).trials}
