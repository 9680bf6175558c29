"""What cannot be done is refused before anything is written, with the reason and the way out."""

from pathlib import Path

import pytest
from command_runs import Nas

CONTINUOUS = ("--set", "sampler=brute_force", "--set", "space.optimizer={adamw: {lr: 1e-4..1e-1 log}}")
NO_NUMBERS = ("--set", "sampler=cmaes", "--set", "space.depth=[1, 2]")
UNSEARCHABLE = {
    "study.yaml: sampler.brute_force: needs a finite space, 'optimizer.adamw.lr' is continuous": CONTINUOUS,
    "study.yaml: sampler.cmaes: the space 'mlp' has no numeric dimension": NO_NUMBERS,
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("message", UNSEARCHABLE)
def test_a_sampler_that_cannot_search_the_space_leaves_no_study(
    command: str, message: str, fresh: Nas, tmp_path: Path
) -> None:
    ran = fresh(command, "study.yaml", *UNSEARCHABLE[message])
    said = [line for line in ran.err.splitlines() if line.startswith("study.yaml:")]
    assert ran.code == 3
    assert [line.partition(" (")[0] for line in said] == [message]
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_sampler_whose_package_is_missing_leaves_no_study(
    command: str, fresh: Nas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.samplers.cmaes.find_spec", lambda package: None)
    ran = fresh(command, "study.yaml", "--set", "sampler=cmaes")
    assert ran.code == 3
    assert "study.yaml: sampler.cmaes: needs the package 'cmaes' (pip install 'nas-service[cmaes]')\n" in ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


def test_an_objective_of_the_other_kind_of_task_is_one_line(fresh: Nas) -> None:
    ran = fresh("check", "study.yaml", "--set", "objective=minimize mse", "--set", "pruner=asha")
    assert ran.code == 3
    assert [line.partition(" (")[0] for line in ran.err.splitlines()] == [
        "study.yaml: objective: task 'wine' has no metric 'mse'"
    ]
