"""kill -9 of workers at random moments while a study runs: the controller goes on, and no trial is lost or doubled."""

import signal
from typing import Any

import pytest
from kills import Victim, moments, share
from outside import Desk, small

from nas.storage import Storage


@pytest.mark.parametrize("block", [2, 3])
def test_workers_killed_at_random_moments_lose_nothing(desk: Desk, block: int) -> None:
    random = moments(block)
    study = small(task="digits", batch_size=4, trials=5000, epochs=30, executor="{process: {workers: 2}}", seed=block)
    victim = Victim(desk, study)
    run = victim.begin()
    for _ in range(share(block)):
        victim.kill_a_worker(random, run)
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 130, run.stderr
    victim.check(ended=True)
    with Storage.open(desk.url) as storage:
        events = storage.events(storage.study(victim.name).id)
    lost: list[Any] = [event.content["trials"] for event in events if event.kind == "job.lost"]
    assert len(lost) >= share(block) // 2, "most kills come while a trial is trained"
    for trial in desk.trials(victim.name):
        losses = sum(trial.number in trials for trials in lost)
        assert (trial.reason == "lost") == (losses >= 3)
