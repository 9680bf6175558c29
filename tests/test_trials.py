"""What a trial becomes when it ends."""

from datetime import UTC, datetime

from nas.trials import Trial, TrialState, over
from search_spaces.candidate import Architecture, Candidate, Recipe

CANDIDATE = Candidate(Architecture("mlp"), Recipe(), 0)


def test_a_trial_that_never_ran_has_started_when_it_ended() -> None:
    ended = over(Trial(0, {}, CANDIDATE), TrialState.PRUNED, "infeasible")
    assert ended.started_at == ended.finished_at is not None


def test_a_trial_that_ran_keeps_when_it_started() -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    assert over(Trial(0, {}, CANDIDATE, started_at=began), TrialState.FAIL, "lost").started_at == began
