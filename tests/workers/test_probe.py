"""What an epoch takes, from a few steps: for candidates of any size, within about the time that was given."""

from pathlib import Path

import pytest
from training_jobs import DIGITS, candidate

from search_spaces.candidate import Candidate
from workers.engines import planner
from workers.engines.calibration import recalled
from workers.messages import Probe, Timings
from workers.worker import Worker


@pytest.fixture(params=["solo", "native"], autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(planner.SWITCH, request.param)


def probed(*candidates: Candidate, seconds: float = 0.5, epoch_samples: int = 0) -> Timings:
    return Worker().probe(Probe(DIGITS, candidates, seconds, epoch_samples))


def test_a_larger_network_takes_longer() -> None:
    small, large = probed(candidate(width=16), candidate(width=2048, depth=3))
    assert small
    assert large
    assert 0 < small.training < large.training
    assert 0 < small.evaluation < large.evaluation
    assert small.epoch == small.training + small.evaluation


def test_steps_are_those_of_an_epoch() -> None:
    (whole,), (part,) = (probed(candidate(batch_size=32), epoch_samples=most) for most in (0, 400))
    assert whole
    assert part
    assert (whole.steps, part.steps) == (34, 12)  # 1 079 training samples, and a third of them


def test_what_cannot_be_trained_is_unknown_and_harms_no_other() -> None:
    broken, good = probed(candidate(width=-4), candidate())
    assert broken is None
    assert good is not None


def test_a_batch_larger_than_the_samples_is_all_of_them() -> None:
    (found,) = probed(candidate(batch_size=100_000))
    assert found
    assert found.steps == 1


def test_the_first_batch_is_timed_even_where_it_takes_all_the_time() -> None:
    first, second = probed(candidate(), candidate(), seconds=1e-4)
    assert first is not None
    assert first.evaluation > 0
    assert second is None


def test_without_time_nothing_is_known() -> None:
    assert probed(candidate(), candidate(), seconds=0.0) == (None, None)


def test_a_machine_that_was_never_measured_is_not_measured_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(planner.SWITCH)
    assert recalled(f"engines-{planner.status().variant}") is None
    assert probed(candidate()) != (None,)
    assert list(tmp_path.iterdir()) == []
