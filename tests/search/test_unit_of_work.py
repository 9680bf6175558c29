"""What is let go once it is no longer on record, and what is not."""

import time
from pathlib import Path
from typing import Any, cast

import pytest

from nas.controller.timings import Stopwatch
from nas.controller.unit_of_work import UnitOfWork
from nas.trials import Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Recipe
from workers.messages import Checkpoint


class Written:
    """A storage that takes everything."""

    def save(self, *_: Any, **__: Any) -> None:
        """Do nothing."""


@pytest.fixture
def unit_of_work() -> UnitOfWork:
    return UnitOfWork(cast("Any", Written()), cast("Any", None), Stopwatch(time.monotonic), pause=0.0, folder="")


def ended(number: int, checkpoint: Checkpoint) -> Trial:
    candidate = Candidate(Architecture("mlp"), Recipe(), 0)
    return Trial(number, {}, candidate, TrialState.COMPLETE, checkpoint=checkpoint)


def saved(path: Path) -> Checkpoint:
    path.write_bytes(b"weights")
    return Checkpoint(str(path), "", 7, 1)


def test_the_checkpoint_before_the_last_is_let_go(unit_of_work: UnitOfWork, tmp_path: Path) -> None:
    before, last = saved(tmp_path / "before"), saved(tmp_path / "last")
    unit_of_work.delete_after_commit(before)
    unit_of_work.trial(ended(1, last))
    unit_of_work.flush(seconds=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


def test_a_trial_that_ends_with_the_checkpoint_it_had_keeps_the_file(unit_of_work: UnitOfWork, tmp_path: Path) -> None:
    same = saved(tmp_path / "same")
    unit_of_work.delete_after_commit(same)
    unit_of_work.trial(ended(1, same))
    unit_of_work.flush(seconds=0.0)
    assert Path(same.path).exists()


def test_a_trial_that_is_no_longer_retained_as_it_ends_keeps_nothing(unit_of_work: UnitOfWork, tmp_path: Path) -> None:
    trial = ended(1, saved(tmp_path / "weak"))
    unit_of_work.trial(trial)
    unit_of_work.drop_checkpoint(trial)
    unit_of_work.flush(seconds=0.0)
    assert list(tmp_path.iterdir()) == []
