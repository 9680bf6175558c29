"""What `check` finds."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.trials import Point, Trial, TrialState
from workers.messages import Checkpoint

Maker = Callable[..., Trial]


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


def test_a_running_trial_without_a_controller_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(3)])
    assert storage.check() == []
    storage.release(lease)
    (problem,) = storage.check()
    assert "trial 3 is RUNNING" in problem


def test_a_complete_trial_without_values_is_found(storage: Storage, lease: Lease, complete: Maker) -> None:
    storage.save(lease, trials=[complete(0, values=())])
    assert "COMPLETE with values ()" in storage.check()[0]


def test_a_gap_in_a_curve_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0)], points=[(0, Point(1, {}, 0.1)), (0, Point(3, {}, 0.1))])
    assert "gaps in its curve: epochs [1, 3]" in storage.check()[0]


def test_more_trials_than_the_budget_are_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(number) for number in range(101)])
    assert "101 trials, its budget allows 100" in storage.check()[0]


def test_a_best_trial_that_cannot_be_it_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0)], result={"best": 0})
    assert "best trial 0 is not a COMPLETE trial" in storage.check()[0]


def test_a_finished_study_with_unfinished_trials_is_found(storage: Storage, lease: Lease, running: Maker) -> None:
    storage.save(lease, trials=[running(0, state=TrialState.WAITING)], state="FINISHED")
    assert "not finished" in storage.check()[0]


def test_a_row_without_its_parent_is_found(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    with storage.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("INSERT INTO nas_epoch VALUES (1, 5, 1, '{}', 0.1)")
        raw.execute("PRAGMA foreign_keys = ON")
    assert storage.check() == ["a row of nas_epoch belongs to a row of nas_trial that does not exist"]


def test_a_damaged_file_is_found(storage: Storage, lease: Lease, url: str, path: Path, complete: Maker) -> None:
    storage.save(lease, trials=[complete(number, reason="x" * 3000) for number in range(50)])
    storage.close()
    content = bytearray(path.read_bytes())
    content[40_000:80_000] = b"\xff" * 40_000
    path.write_bytes(content)
    with Storage.open(url) as damaged:
        assert damaged.check()


def test_the_fixture_stores_what_sqlite_can_query(storage: Storage, stored: Checkpoint) -> None:
    with storage.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM nas_epoch")).scalar() == 3
