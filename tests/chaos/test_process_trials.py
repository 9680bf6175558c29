"""Trials that go wrong by themselves: numbers that are none, memory that is none, code that ends its process."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk
from patient import PLUGIN, events, troubled

from nas.storage import Storage

EACH = "[nothing, raise, allocate, nan, infinite]"
MEMORY = Path("/sys/fs/cgroup/memory")
LIMIT = 1 << 30


def does(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """Return how the trials of each kind of trouble ended."""
    ended: dict[str, list[tuple[str, str]]] = {}
    for trial in desk.trials():
        ended.setdefault(str(trial.params["optimizer.trouble.does"]), []).append((str(trial.state), trial.reason))
    return ended


def csv(desk: Desk) -> str:
    """Write a regression, whose errors can be infinite."""
    rows = [f"{index % 7},{index % 5},{(index % 7) * 1.37 - index % 5}" for index in range(200)]
    (desk.folder / "numbers.csv").write_text("\n".join(("a,b,y", *rows)))
    return "{csv: {path: numbers.csv, target: y}}"


@pytest.mark.parametrize("objective", ["maximize mse", "maximize r2"])
def test_what_is_not_finite_is_never_the_best_and_what_has_no_memory_fails_alone(desk: Desk, objective: str) -> None:
    desk.plugins = (PLUGIN,)
    text = troubled(
        EACH,
        task=csv(desk),
        objective=objective,
        sampler="grid",
        depth=1,
        width=16,
        lr=0.01,
        pause=0,
        epochs=2,
        trials=5,
        executor="{inline: {cohort: 5}}",
    )
    run = desk.nas("run", desk.write(text), "--storage", desk.url)
    assert run.end() == 0, run.stderr
    assert does(desk) == {
        "nothing": [("COMPLETE", "")],
        "raise": [("FAIL", "oom")],
        "allocate": [("FAIL", "oom")],
        "nan": [("FAIL", "nan")],
        "infinite": [("FAIL", "nan")],
    }
    invariants(desk.url, ended=True)
    with Storage.open(desk.url) as storage:
        best = storage.study("s").result["best"]
    assert all(map(math.isfinite, next(trial.values for trial in desk.trials() if trial.number == best)))


def test_a_trial_that_ends_its_process_fails_after_three_losses_and_its_neighbours_live(desk: Desk) -> None:
    desk.plugins = (PLUGIN,)
    run = desk.nas("run", desk.write(_one_in_a_cohort("die")), "--storage", desk.url)
    assert run.end() == 0, run.stderr
    _only_the_guilty_fails(desk, "die")


@pytest.fixture
def limited() -> Iterator[Path]:
    """Return a control group that may take a gigabyte."""
    group = MEMORY / f"nas-{id(object())}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LIMIT))
    except OSError as error:
        pytest.skip(f"the kernel's out-of-memory killer is not tested: no control group of memory can be made: {error}")
    yield group
    group.rmdir()


@pytest.mark.slow
def test_a_trial_that_the_kernel_kills_for_its_memory_takes_no_other_with_it(desk: Desk, limited: Path) -> None:
    desk.plugins = (PLUGIN,)
    enter = ("sh", "-c", f'echo $$ > {limited}/cgroup.procs; exec "$@"', "sh")
    run = desk.start("run", desk.write(_one_in_a_cohort("swell")), "--storage", desk.url, prefix=enter)
    assert run.end() == 0, run.stderr
    assert "oom_kill 3" in (limited / "memory.oom_control").read_text()
    _only_the_guilty_fails(desk, "swell")


def _one_in_a_cohort(trouble: str) -> str:
    """Return a study of four trials that are trained together by one worker; one of them is trouble."""
    return troubled(
        f"[nothing, {trouble}]",
        sampler="grid",
        depth=1,
        width=16,
        lr="[0.01, 0.02]",
        pause=0,
        epochs=2,
        trials=3,
        executor="{process: {workers: 1, cohort: 4}}",
    )


def _only_the_guilty_fails(desk: Desk, trouble: str) -> None:
    ended = does(desk)
    assert set(ended) == {"nothing", trouble}
    assert set(ended["nothing"]) == {("COMPLETE", "")}
    assert set(ended[trouble]) == {("FAIL", "lost")}
    lost = [event.content["trials"] for event in events(desk) if event.kind == "job.lost"]
    assert len(lost[0]) == 3
    assert all(len(alone) == 1 for alone in lost[1:])
    invariants(desk.url, ended=True)
