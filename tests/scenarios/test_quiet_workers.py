"""Nothing that a worker writes reaches the terminal; what went wrong in one is told once, by the controller."""

import json
from pathlib import Path

import pytest
from outside import Desk, small

GUEST = """
import sys
import warnings
from dataclasses import dataclass

import torch

from workers.tasks.wine import Wine


@dataclass(frozen=True, slots=True)
class Loud:
    \"\"\"An optimizer that says much.\"\"\"

    lr: float = 0.01

    def build(self, parameters, *, weight_decay):
        print("PRINTED")
        print("PRINTED", file=sys.stderr)
        warnings.warn("PRINTED")
        return torch.optim.SGD(parameters, lr=self.lr)


@dataclass(frozen=True, slots=True)
class Leaving:
    \"\"\"An optimizer that ends the program.\"\"\"

    lr: float = 0.01

    def build(self, parameters, *, weight_decay):
        sys.exit(3)


@dataclass(frozen=True, slots=True)
class Broken:
    \"\"\"Samples that cannot be read.\"\"\"

    def samples(self):
        raise RuntimeError("nobody thought of this")
"""
ENTRIES = """
[nas.optimizers]
loud = guest:Loud
leaving = guest:Leaving

[nas.tasks]
broken = guest:Broken
"""
EXECUTORS = ["inline", "{process: {workers: 1}}"]


@pytest.fixture
def guest(desk: Desk, tmp_path: Path) -> Desk:
    """Return a desk where another distribution is installed."""
    about = tmp_path / "site" / "guest-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "site" / "guest.py").write_text(GUEST)
    desk.plugins = (tmp_path / "site",)
    return desk


def study(executor: str, optimizer: str) -> str:
    text = small(trials=4, epochs=2, executor=executor).replace("task: digits", "task: wine")
    lines = [f"  optimizer: {optimizer}" if "optimizer:" in line else line for line in text.splitlines()]
    return "\n".join([*lines, "artifacts: {export: []}", ""])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_a_trial_prints_reaches_neither_stream(guest: Desk, executor: str) -> None:
    run = guest.nas("run", guest.write(study(executor, "[loud]")), "--storage", guest.url, "--json")
    assert run.end() == 0, run.stderr
    assert "PRINTED" not in run.out.read_text() + run.stderr
    assert [json.loads(line) for line in run.out.read_text().splitlines()][-1]["trials"]["complete"] > 0


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_trial_that_exits_fails_alone(guest: Desk, executor: str) -> None:
    run = guest.nas("run", guest.write(study(executor, "[leaving, sgd]")), "--storage", guest.url, "--json")
    assert run.end() == 0, run.stderr
    reasons = {(trial.state, trial.reason) for trial in guest.trials() if trial.state != "COMPLETE"}
    assert reasons <= {("FAIL", "crash: SystemExit: 3"), ("FAIL", "reused")}
    assert guest.state() == "FINISHED"


def test_an_error_of_a_task_from_elsewhere_names_it_in_a_sentence(guest: Desk) -> None:
    text = study("{process: {workers: 1}}", "[sgd]").replace("task: wine", "task: broken")
    run = guest.nas("run", guest.write(text), "--storage", guest.url)
    assert run.end() == 3
    told = [line for line in run.stderr.splitlines() if "nobody thought of this" in line]
    assert len(told) == 1
    assert told[0].endswith("(guest:Broken) cannot be used: RuntimeError: nobody thought of this")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("moment", ["study.started", "trial.finished"])
def test_workers_whose_controller_is_killed_end_quietly(desk: Desk, moment: str) -> None:
    text = small(task="digits", batch_size=4, trials=5000, epochs=9, executor="{process: {workers: 2}}")
    run = desk.start("run", desk.write(text), "--storage", desk.url, "--json")
    run.wait_event(moment)
    run.kill()
    assert not desk.no_orphans()
    assert run.stderr == ""
