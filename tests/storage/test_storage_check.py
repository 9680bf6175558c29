"""What `check` finds."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.trials import Point, Trial, TrialState
from workers.messages import Checkpoint

Maker = Callable[..., Trial]
UNWATCHED = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
    "postgresql": ("SET session_replication_role = replica", "SET session_replication_role = origin"),
}
"""How foreign keys are ignored, and heeded again."""


@pytest.fixture
def stored(storage: Storage, lease: Lease, complete: Maker, tmp_path: Path) -> Checkpoint:
    """Return the checkpoint of a COMPLETE trial 0 that is stored whole, with its file."""
    (tmp_path / "0.safetensors").write_bytes(b"weights")
    checkpoint = Checkpoint("0.safetensors", hashlib.sha256(b"weights").hexdigest(), 7, 3)
    trial = complete(0, checkpoint=checkpoint)
    storage.save(lease, trials=[trial], points=[(0, point) for point in trial.curve], result={"best": 0})
    return checkpoint


def test_a_sound_study_has_no_problems(storage: Storage, stored: Checkpoint, tmp_path: Path) -> None:
    assert storage.check(folder=tmp_path) == []


def test_a_missing_checkpoint_is_found(storage: Storage, stored: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / stored.path).unlink()
    assert storage.check(folder=tmp_path) == [
        f"study 'first': the checkpoint of trial 0 is missing: {tmp_path / stored.path}"
    ]


def test_an_altered_checkpoint_is_found(storage: Storage, stored: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / stored.path).write_bytes(b"Weights")
    (problem,) = storage.check(folder=tmp_path)
    assert "does not match its hash" in problem


def test_a_missing_artifact_is_found(storage: Storage, lease: Lease, stored: Checkpoint, tmp_path: Path) -> None:
    storage.save(lease, artifacts=[Artifact(0, "source", "network.py", "0" * 64, 5)])
    (problem,) = storage.check(folder=tmp_path)
    assert "the source artifact of trial 0 is missing" in problem


def test_a_running_trial_of_an_interrupted_study_is_no_damage(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(3)])
    assert storage.check() == []
    storage.release(lease)
    assert storage.check() == []


def test_a_running_trial_of_a_stopped_study_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(3)], state="STOPPED")
    assert storage.check() == []
    storage.release(lease)
    (problem,) = storage.check()
    assert "trial 3 is RUNNING" in problem


def test_a_complete_trial_without_values_is_found(storage: Storage, lease: Lease, complete: Maker) -> None:
    storage.save(lease, trials=[complete(0, values=())])
    assert "COMPLETE with no value" in storage.check()[0]


def test_a_gap_in_a_curve_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0)], points=[(0, Point(1, {}, 0.1)), (0, Point(3, {}, 0.1))])
    assert "gaps in its curve: epochs 1, 3" in storage.check()[0]


def test_more_trials_than_the_budget_are_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(number) for number in range(101)])
    assert "101 trials, its budget allows 100" in storage.check()[0]


def test_a_best_trial_that_cannot_be_it_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0)], result={"best": 0})
    assert "best trial 0 is not a COMPLETE trial" in storage.check()[0]


def test_a_finished_study_with_unfinished_trials_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0, state=TrialState.WAITING)], state="FINISHED")
    assert "not finished" in storage.check()[0]


def test_a_row_without_its_parent_is_found(kind: str, storage: Storage, study: StudyRecord, lease: Lease) -> None:
    off, on = UNWATCHED[kind]
    with storage.database.writer.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        for statement in (off, "INSERT INTO nas_epoch VALUES (1, 5, 1, '{}', 0.1)", on):
            raw.execute(statement)
        raw.commit()
    assert storage.check() == ["a row of nas_epoch belongs to a row of nas_trial that does not exist"]
