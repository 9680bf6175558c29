"""Checkpoints that were damaged while nobody ran the study: each of the trials starts again, and says why."""

import json
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from invariants import invariants
from outside import Desk, wait_for
from patient import PLUGIN, troubled
from sqlalchemy import update

from nas.storage import Storage, tables
from nas.trials import Trial
from workers.checkpoints import hash_of
from workers.messages import Checkpoint

TRIALS = 7
"""Trained together: one for each damage, and one that is left alone."""


class _Malice:
    """Makes a file where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return open, (str(self._marker), "w")


def begun(desk: Desk) -> Sequence[Trial]:
    """Begin a study, kill it when all of its trials have checkpoints, and return them."""
    text = troubled(
        trials=TRIALS,
        epochs=40,
        pause=0.01,
        depth="1",
        width="{each: [16, 17, 18, 19]}",
        executor=f"{{process: {{workers: 1, cohort: {TRIALS}}}}}",
    )
    desk.plugins = (PLUGIN,)
    run = desk.start("run", desk.write(text), "--storage", desk.url)
    wait_for(lambda: run.lives() and _all_have_checkpoints(desk))
    run.kill()
    assert not desk.no_orphans()
    invariants(desk.url)
    return desk.trials()


def _all_have_checkpoints(desk: Desk) -> bool:
    if not (desk.folder / "nas.db").exists() or not desk.find("s"):
        return False
    trials = desk.trials()
    return len(trials) == TRIALS and all(trial.checkpoint for trial in trials)


def record(desk: Desk, number: int, checkpoint: Checkpoint) -> None:
    """Let the database name another file, as who can write both would."""
    with Storage.open(desk.url) as storage, storage.writing() as connection:
        row = tables.trial.c
        connection.execute(
            update(tables.trial).where(row.number == number).values(checkpoint=json.dumps(asdict(checkpoint)))
        )


def test_damaged_checkpoints_cost_their_trials_the_epochs_and_nothing_else(desk: Desk) -> None:
    trials = begun(desk)
    saved = [trial.checkpoint for trial in trials]
    files = [Path(checkpoint.path) for checkpoint in saved if checkpoint]
    marker = desk.folder / "malice"
    files[0].write_bytes(files[0].read_bytes()[:-100])
    flipped = bytearray(files[1].read_bytes())
    flipped[-1] ^= 1
    files[1].write_bytes(flipped)
    files[2].write_bytes(b"")
    files[3].unlink()
    malice = pickle.dumps(_Malice(marker))
    files[4].write_bytes(malice)
    assert saved[4]
    record(desk, 4, replace(saved[4], sha256=hash_of(malice), bytes=len(malice)))
    stranger = next(trial for trial in trials if trial.fingerprint != trials[5].fingerprint and trial.number == 6)
    assert stranger.checkpoint is not None
    foreign = shutil.copy(stranger.checkpoint.path, desk.folder / "foreign.safetensors")
    record(desk, 5, replace(stranger.checkpoint, path=str(foreign)))

    run = desk.nas("resume", "s", "--storage", desk.url)
    assert run.end() == 0, run.stderr
    assert not marker.exists()
    invariants(desk.url, ended=True)
    after = desk.trials()
    assert [trial.state for trial in after] == ["COMPLETE"] * TRIALS
    reasons = [trial.reason for trial in after]
    assert "torn or altered" in reasons[0]
    assert "torn or altered" in reasons[1]
    assert "torn or altered" in reasons[2]
    assert "cannot be read" in reasons[3]
    assert "is not a checkpoint" in reasons[4]
    assert "of another network" in reasons[5]
    assert reasons[6] == ""
