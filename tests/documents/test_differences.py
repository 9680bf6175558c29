"""What differs between two studies is named as the study file writes it, and says whether a search may go on."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from bad_studies import WHOLE

from nas.config import Objective, Pruning, StudyConfig
from nas.study_file.load import difference, load, loads, resolved
from nas.study_file.study import KEYS
from search_spaces.candidate import Settings
from search_spaces.dimensions import Choice

BEGUN = """\
name: a
task: {csv: {path: adult.csv, target: income}}
split: {seed: 4}
loss: cross_entropy
space:
  name: mine
  family: mlp
  depth: 1..3
  width: {each: [16, 32]}
  activation: [relu, gelu]
  optimizer: {sgd: {lr: 1e-3..1 log}, adamw: }
  schedule: {choice: {constant: , one_cycle: {rise: 0.1..0.5}}, when: "depth > 1"}
  constraints: ["depth < 9"]
  limits: {parameters: 200k}
objective: maximize accuracy
constraints: ["loss < 2"]
sampler: tpe
pruner: asha
budget: {trials: 9, epochs: 27}
training: {epoch_samples: 5k}
seed: 7
"""

UNSAFE = {
    "task=digits": "task",
    "task.csv.target=age": "task.csv.target",
    "task.csv.missing=-999": "task.csv.missing",
    "task.csv.ignore=[age]": "task.csv.ignore",
    "split.seed=1": "split.seed",
    "split.test=0.3": "split.test",
    "loss=mse": "loss",
    "space.name=ours": "space.name",
    "space.depth=1..4": "space.depth",
    "space.width={each: [16, 64]}": "space.width",
    "space.width=8": "space.width",
    "space.dropout=0.1": "space.dropout",
    "space.batch_size=[16, 32]": "space.batch_size",
    "space.activation=relu": "space.activation",
    "space.optimizer.sgd.lr=1e-2..1 log": "space.optimizer.sgd.lr",
    "space.optimizer.adamw.beta1=0.8": "space.optimizer.adamw.beta1",
    "space.optimizer=[sgd, adamw, adam]": "space.optimizer",
    "space.schedule.choice.one_cycle.rise=0.2": "space.schedule.choice.one_cycle.rise",
    "space.schedule.when=depth > 2": "space.schedule",
    "space.constraints=[depth < 3]": "space.constraints",
    "space.limits.parameters=1k": "space.limits.parameters",
    "limits.flops=1M": "space.limits.flops",
    "objective=minimize loss": "objective",
    "constraints=[loss < 1]": "constraints",
    "sampler=random": "sampler",
    "sampler.tpe.startup_trials=3": "sampler.tpe.startup_trials",
    "pruner=none": "pruner",
    "pruner.asha.reduction_factor=4": "pruner.asha.reduction_factor",
    "pruner={asha: , metric: loss}": "pruner.metric",
    "budget.epochs=3": "budget.epochs",
    "training.epoch_samples=1k": "training.epoch_samples",
    "seed=1": "seed",
}
SAFE = {
    "budget.trials=3": "budget.trials",
    "budget.time=1h": "budget.time",
    "budget.total_epochs=90": "budget.total_epochs",
    "budget.target=0.9": "budget.target",
    "budget.patience=3": "budget.patience",
    "executor=inline": "executor",
    "executor.process.workers=1": "executor.process.workers",
    "storage=sqlite:///b.db": "storage",
    "artifacts.folder=elsewhere": "artifacts.folder",
    "artifacts.keep=3": "artifacts.keep",
    "artifacts.export=[onnx]": "artifacts.export",
    "final.seeds=2": "final.seeds",
    "final.top=1": "final.top",
    "final.epochs=3": "final.epochs",
    "final.ensemble=true": "final.ensemble",
    "training.checkpoint_seconds=1": "training.checkpoint_seconds",
}


@pytest.fixture
def begun(tmp_path: Path) -> StudyConfig:
    return changed(tmp_path)


def changed(folder: Path, *overrides: str) -> StudyConfig:
    (folder / "adult.csv").write_text("age,income\n")
    (folder / "study.yaml").write_text(BEGUN)
    return load(folder / "study.yaml", overrides=overrides)


def has(config: StudyConfig, path: str) -> bool:
    """Tell whether the study as `nas check` prints it has something at a path."""
    found: Any = yaml.safe_load(resolved(config))
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return False
        found = found[key]
    return True


def paths(old: StudyConfig, new: StudyConfig) -> list[str]:
    """Return the paths of what differs, all of which one of the two has."""
    found = [change.path for change in difference(old, new)]
    assert [path for path in found if not has(old, path) and not has(new, path)] == []
    return found


@pytest.mark.parametrize("override", [*UNSAFE, *SAFE])
def test_a_change_is_named_by_its_path_in_the_study_file_and_says_whether_the_study_may_go_on(
    override: str, begun: StudyConfig, tmp_path: Path
) -> None:
    new = changed(tmp_path, override)
    assert paths(begun, new) == [{**UNSAFE, **SAFE}[override]]
    assert [change.safe for change in difference(begun, new)] == [override in SAFE]


def test_every_key_of_a_study_file_has_a_change_here() -> None:
    changed_keys = {override.partition("=")[0].partition(".")[0] for override in (*UNSAFE, *SAFE)}
    assert changed_keys == set(KEYS) - {"name", "objectives"}


def test_another_family_is_named_and_what_it_does_not_know(begun: StudyConfig, tmp_path: Path) -> None:
    found = paths(begun, changed(tmp_path, "space={family: cnn}"))
    assert "space.family" in found
    assert {"space.width", "space.channels", "space.constraints"} <= set(found)


def test_one_objective_and_several_are_two_keys(begun: StudyConfig, tmp_path: Path) -> None:
    several = replace(begun, objectives=(*begun.objectives, Objective("parameters", "minimize")))
    assert paths(begun, several) == ["objective", "objectives"]


def test_a_layer_that_differs_in_a_space_built_in_code_is_a_difference(begun: StudyConfig) -> None:
    architecture = {name: item for name, item in begun.space.architecture.items() if name != "width.2"}
    assert paths(begun, replace(begun, space=replace(begun.space, architecture=architecture))) == ["space.width"]


def test_layers_that_differ_by_themselves_are_named_whatever_else_changes(begun: StudyConfig) -> None:
    two = {"width.2", "activation.2"}
    space = replace(
        begun.space,
        fixed=Settings(),
        architecture={
            **{name: item for name, item in begun.space.architecture.items() if name != "activation"},
            **{f"activation.{layer}": Choice(("relu", "gelu")) for layer in range(3)},
        },
    )
    fewer = replace(space, architecture={name: item for name, item in space.architecture.items() if name not in two})
    more_trials = replace(begun.budget, trials=99)
    found = difference(replace(begun, space=space), replace(begun, space=fewer, budget=more_trials))
    assert [(change.path, change.safe) for change in found] == [
        ("space.width", False),
        ("space.activation", False),
        ("budget.trials", True),
    ]


def test_equal_studies_do_not_differ(begun: StudyConfig, tmp_path: Path) -> None:
    assert difference(begun, changed(tmp_path)) == ()


def test_a_file_of_the_task_may_move(begun: StudyConfig, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    (change,) = difference(begun, changed(tmp_path / "moved"))
    assert (change.path, change.safe) == ("task.csv.path", True)


def test_the_place_of_a_study_among_the_artifacts_is_no_difference(begun: StudyConfig) -> None:
    assert difference(replace(begun, artifacts=replace(begun.artifacts, place="a-2")), begun) == ()


def test_epochs_that_are_left_open_are_those_of_the_record() -> None:
    assert difference(loads(WHOLE, overrides=["budget.epochs=9"]), loads(WHOLE)) == ()


def test_objectives_that_the_task_filled_in_are_no_difference() -> None:
    left = loads(WHOLE)
    pruning = Pruning(left.pruning.pruner, "accuracy", "maximize")
    filled = replace(left, objectives=(Objective("accuracy", "maximize"),), pruning=pruning)
    assert difference(filled, left) == ()


def test_a_metric_that_only_follows_the_objective_is_no_difference_besides() -> None:
    left = loads(WHOLE + "objective: minimize loss\n")
    pruning = Pruning(left.pruning.pruner, "accuracy", "maximize")
    filled = replace(left, objectives=(Objective("accuracy", "maximize"),), pruning=pruning)
    assert paths(filled, left) == ["objective"]
