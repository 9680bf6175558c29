"""kill -9 of the controller at random moments, then resume, on each database with each executor of processes.

`NAS_KILLS` says how many kills there are of each (3; 100 by `make chaos`); `NAS_KILL_SEED` draws their moments.
"""

import os
from importlib.util import find_spec

import pytest
from kills import Victim, moments
from outside import Desk, small

CHAOS = os.environ.get("NAS_CHAOS", "0") not in ("", "0")
KILLS = int(os.environ.get("NAS_KILLS", "100" if CHAOS else "3"))
EXECUTORS = {"process": "{process: {workers: 2}}", "ray": "{ray: {workers: 2}}"}
needs_ray = pytest.mark.skipif(not find_spec("ray"), reason="needs pip install 'nas-service[ray]'")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("place", "executor"),
    [
        ("server_desk", "process"),
        pytest.param("desk", "process", marks=pytest.mark.slow),  # a share of these is in the scenarios
        pytest.param("server_desk", "ray", marks=[pytest.mark.slow, needs_ray]),
        pytest.param("desk", "ray", marks=[pytest.mark.slow, needs_ray]),
    ],
)
def test_every_resume_after_a_kill_is_clean(request: pytest.FixtureRequest, place: str, executor: str) -> None:
    desk: Desk = request.getfixturevalue(place)
    random, killed = moments(10 + list(EXECUTORS).index(executor)), 0
    study = small(task="digits", batch_size=4, trials=10, epochs=6, seeds=1, executor=EXECUTORS[executor])
    victim = Victim(desk, study)
    while killed < KILLS:
        killed += victim.live_and_die(random)
        print(f"{killed} kills")  # noqa: T201  # shown where a test fails
    victim.finish()
