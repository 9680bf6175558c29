"""What cannot be done is refused before anything is written, with the reason and the way out."""

from pathlib import Path

import pytest
from command_runs import Nas

import nas
from search_spaces.errors import SpecError

SETTINGS = {
    "sampler=brute_force": ("--set", "space.optimizer={adamw: {lr: 1e-4..1e-1 log}}"),
    "sampler=cmaes": ("--set", "space.depth=[1, 2]"),
}
UNSEARCHABLE = {
    "sampler=brute_force": "sampler.brute_force: needs a finite space, 'optimizer.adamw.lr' is continuous",
    "sampler=cmaes": "sampler.cmaes: the space 'mlp' has no numeric dimension",
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("setting", UNSEARCHABLE)
def test_a_sampler_that_cannot_search_the_space_leaves_no_study(
    command: str, setting: str, fresh: Nas, tmp_path: Path
) -> None:
    ran = fresh(command, "study.yaml", "--set", setting, *SETTINGS[setting])
    assert ran.code == 3
    assert ran.err.splitlines()[-1].partition(" (")[0] == f"--set {setting}: {UNSEARCHABLE[setting]}"
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_sampler_whose_package_is_missing_leaves_no_study(
    command: str, fresh: Nas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.samplers.cmaes.find_spec", lambda package: None)
    ran = fresh(command, "study.yaml", "--set", "sampler=cmaes")
    assert ran.code == 3
    assert (
        "--set sampler=cmaes: sampler.cmaes: needs the package 'cmaes' (pip install 'nas-service[cmaes]')\n" in ran.err
    )
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


def test_an_objective_of_the_other_kind_of_task_is_one_line(fresh: Nas) -> None:
    ran = fresh("check", "study.yaml", "--set", "objective=minimize mse", "--set", "pruner=asha")
    assert ran.code == 3
    assert [line.partition(" (")[0] for line in ran.err.splitlines()] == [
        "--set objective=minimize mse: objective: task 'wine' has no metric 'mse'"
    ]


TABLE = """\
name: table
task:
  csv:
    path: table.csv
    target: prise
space: mlp
budget: {trials: 1, epochs: 1}
"""


def begin(folder: Path, text: str) -> None:
    (folder / "table.csv").write_text("size,price\n" + "".join(f"{row},{2.5 * row}\n" for row in range(40)))
    (folder / "table.yaml").write_text(text)


@pytest.mark.parametrize(
    "command", [("check",), ("run", "--executor", "inline"), ("run", "--executor", "process")], ids=" ".join
)
def test_a_wrong_setting_of_the_task_is_told_with_its_line(
    command: tuple[str, ...], fresh: Nas, tmp_path: Path
) -> None:
    begin(tmp_path, TABLE)
    ran = fresh(command[0], "table.yaml", *command[1:])
    told = f"table.yaml:5:13: task.csv.target: {tmp_path}/table.csv: no column 'prise' (did you mean 'price'?)"
    assert (ran.code, ran.err.splitlines()[-1]) == (3, told)


def test_a_wrong_loss_is_told_with_its_line(fresh: Nas, tmp_path: Path) -> None:
    begin(tmp_path, TABLE.replace("prise", "price") + "loss: cross_entropy\n")
    ran = fresh("check", "table.yaml")
    assert ran.err == "table.yaml:8:7: loss: 'cross_entropy' is not for regression (one of: mse, mae, huber)\n"


def test_a_setting_that_is_missing_is_told_with_the_line_of_the_task(fresh: Nas, tmp_path: Path) -> None:
    begin(tmp_path, TABLE.replace("    target: prise\n", ""))
    ran = fresh("check", "table.yaml")
    assert ran.err == "table.yaml:4:5: task.csv: csv needs 'target' (the column to predict)\n"


def test_a_metric_that_the_task_lacks_is_told_with_its_line_among_several(fresh: Nas, tmp_path: Path) -> None:
    begin(tmp_path, TABLE.replace("prise", "price") + "objectives:\n  - minimize mse\n  - maximize auroc\n")
    ran = fresh("check", "table.yaml")
    assert ran.err.startswith("table.yaml:10:5: objectives[1]: task 'csv' has no metric 'auroc'")


def test_python_tells_the_line_too(tmp_path: Path) -> None:
    begin(tmp_path, TABLE)
    with pytest.raises(SpecError, match=r"table.yaml:5:13: task.csv.target: .* no column 'prise'"):
        nas.search(tmp_path / "table.yaml")
