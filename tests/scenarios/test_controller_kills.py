"""kill -9 of the controller at random moments, then resume: no trial is lost, doubled or stuck.

`NAS_KILLS` says how many kills there are in all, of controllers and workers (100); `NAS_KILL_SEED` draws their moments.
"""

import pytest
from kills import Victim, moments, share
from outside import Desk, small

BLOCKS = [(0, "inline", "tpe"), (1, "{process: {workers: 2}}", "random")]


@pytest.mark.parametrize(("block", "executor", "sampler"), BLOCKS)
def test_a_controller_killed_at_random_moments_loses_nothing(
    desk: Desk, block: int, executor: str, sampler: str
) -> None:
    random, killed = moments(block), 0
    study = small(
        task="digits", batch_size=4, trials=20, epochs=9, seeds=2, executor=executor, sampler=sampler, seed=block
    )
    victim = Victim(desk, study)
    while killed < share(block):
        killed += victim.live_and_die(random)
    victim.finish()
    if executor == "inline":
        victim.require_as_undisturbed()
