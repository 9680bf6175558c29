"""What a right study file means, and that it survives every way of writing it down."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from bad_studies import SPACE, WHOLE
from studies import FULL, SHORTEST

from nas.config import Budget, Objective, Pruning, StudyConfig
from nas.study_file.load import from_json, load, loads, resolved, to_json
from search_spaces.candidate import Named
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.errors import SpecError
from search_spaces.network import SIZES
from search_spaces.space import Limits
from search_spaces.space_file.load import library, load_space


@pytest.fixture
def full(tmp_path: Path) -> StudyConfig:
    (tmp_path / "adult.csv").write_text("a,income\n")
    (tmp_path / "study.yaml").write_text(FULL, "utf-8")
    return load(tmp_path / "study.yaml")


@pytest.mark.parametrize("size", SIZES)
def test_what_can_be_limited_can_be_constrained(size: str) -> None:
    assert loads(WHOLE + f"constraints: ['{size} <= 64k']\n").constraints[0].names == {size}


def test_the_shortest_study_of_the_readme_loads() -> None:
    config = loads(SHORTEST)
    assert config.name == "first-search"
    assert config.task.task.name == "digits"
    assert config.objectives == (Objective("accuracy", "maximize"),)
    assert config.budget == Budget(64, 27)


def test_each_makes_a_dimension_for_every_layer_there_may_be() -> None:
    names = list(loads(SHORTEST).space.architecture)
    assert names == ["depth", *(f"width.{layer}" for layer in range(6)), "activation"]


def test_an_option_opens_its_own_dimensions() -> None:
    space = loads(SHORTEST).space
    assert space.recipe["optimizer"] == Choice(("sgd", "adamw"))
    assert space.recipe["optimizer.sgd.lr"] == Float(1e-3, 1.0, log=True)
    assert space.recipe["optimizer.sgd.momentum"] == Float(0.0, 0.99)
    assert "optimizer.adamw.lr" not in space.active({"optimizer": "sgd", "depth": 1})


def test_what_nobody_says_is_written_into_the_study() -> None:
    fixed = loads(SHORTEST).space.fixed
    assert fixed["batch_size"] == 32
    assert fixed["optimizer.sgd.nesterov"] is False


def test_a_study_can_be_sampled_and_built() -> None:
    space = loads(SHORTEST).space
    candidate = space.candidate(space.sample(random.Random(0)), 1)
    assert candidate.architecture.family == "mlp"
    assert len(candidate.architecture.settings["width"]) == candidate.architecture.settings["depth"]  # type: ignore[arg-type]


def test_every_section_of_a_full_study_is_read(full: StudyConfig, tmp_path: Path) -> None:
    assert full.task.task.settings["path"] == str(tmp_path / "adult.csv")
    assert full.space.limits == Limits(200_000, 2_000_000, 64_000_000)
    assert full.budget == Budget(1000, 0, 0, 5400.0, 0.98, 20)
    assert (full.pruning.metric, full.pruning.direction) == ("accuracy", "maximize")
    assert full.executor.settings["workers"] == 2
    assert full.storage == "sqlite:///x.db"
    assert (full.checkpoint_seconds, full.epoch_samples) == (30.0, 5000)
    assert full.artifacts.folder == "runs — März"


def test_a_condition_may_speak_of_what_comes_later(full: StudyConfig) -> None:
    names = list(full.space.dimensions)
    assert names.index("batch_size") < names.index("kernel.0")


@pytest.mark.parametrize("text", [SHORTEST, WHOLE, SPACE])
def test_json_gives_back_the_same_study(text: str) -> None:
    config = loads(text)
    assert from_json(json.loads(json.dumps(to_json(config)))) == config


def test_json_gives_back_a_full_study(full: StudyConfig) -> None:
    assert from_json(json.loads(json.dumps(to_json(full)))) == full


def test_a_record_from_before_there_were_parts_of_a_pass_goes_on_with_whole_passes(full: StudyConfig) -> None:
    document = to_json(full)
    del document["epoch_samples"]
    assert from_json(document) == replace(full, epoch_samples=0)


@pytest.mark.parametrize("text", [SHORTEST, WHOLE, SPACE])
def test_the_resolved_study_loads_as_the_same_study(text: str) -> None:
    config = loads(text)
    assert loads(resolved(config)) == config


def test_the_resolved_study_of_a_full_one_is_the_same_in_the_same_order(full: StudyConfig) -> None:
    again = loads(resolved(full))
    assert again == full
    assert list(again.space.dimensions) == list(full.space.dimensions)
    assert resolved(again) == resolved(full)


@pytest.mark.parametrize("name", library())
def test_the_resolved_study_of_every_ready_made_space_is_the_same(name: str) -> None:
    config = loads(f"name: a\ntask: digits\nspace: {name}\n")
    assert config.space == load_space(name)
    again = loads(resolved(config))
    assert again == config
    assert list(again.space.dimensions) == list(config.space.dimensions)


def test_there_are_ready_made_spaces() -> None:
    assert {"mlp", "cnn", "recurrent"} <= set(library())


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert loads(b"\xef\xbb\xbf" + WHOLE.encode()) == loads(WHOLE)


def test_windows_line_ends_are_no_mistake() -> None:
    assert loads(WHOLE.replace("\n", "\r\n")) == loads(WHOLE)


def test_numbers_with_an_exponent_are_numbers() -> None:
    assert loads(SPACE + "  lr: [1e-3, 1E-4, .5]\n").space.recipe["lr"] == Choice((1e-3, 1e-4, 0.5))


def test_no_is_a_text() -> None:
    assert loads(WHOLE.replace("name: a", "name: no")).name == "no"


def test_a_whole_range_of_a_real_hyper_parameter_is_real() -> None:
    assert loads(SPACE + "  momentum: 0..1\n  optimizer: sgd\n").space.recipe["momentum"] == Float(0.0, 1.0)


def test_a_choice_of_one_is_no_dimension() -> None:
    space = loads(SPACE + "  activation: [gelu]\n  optimizer: {sgd: {lr: 0.1..0.1}}\n").space
    assert not space.dimensions
    assert (space.fixed["activation"], space.fixed["optimizer"]) == ("gelu", "sgd")
    assert space.fixed["optimizer.sgd.lr"] == 0.1


def test_a_fixed_depth_makes_that_many_layers() -> None:
    assert list(loads(SPACE + "  depth: 2\n  width: {each: 8..64 log}\n").space.dimensions) == ["width.0", "width.1"]


def test_a_choice_of_depths_makes_the_most_layers() -> None:
    assert len(loads(SPACE + "  depth: [1, 3]\n  width: {each: 8..64}\n").space.dimensions) == 4


def test_steps_are_kept() -> None:
    space = loads(SPACE + "  width: 16..128 step 16\n  dropout: 0..0.5 step 0.1\n").space
    assert space.dimensions == {"width": Int(16, 128, 16), "dropout": Float(0.0, 0.5, 0.1)}


def test_without_an_objective_the_task_decides() -> None:
    config = loads(WHOLE)
    assert config.objectives == ()
    assert config.pruning.pruner.name == "asha"


def test_several_objectives_are_not_pruned_unless_asked_for() -> None:
    assert loads(WHOLE + "objectives: [maximize accuracy, minimize flops]\n").pruning.pruner.name == "none"


def test_a_pruned_metric_knows_its_direction() -> None:
    assert loads(WHOLE + "pruner: {asha: , metric: loss}\n").pruning.direction == "minimize"


def test_the_loss_of_training_may_be_pruned_on() -> None:
    pruning = loads(WHOLE + "pruner: {asha: , metric: train_loss}\n").pruning
    assert (pruning.metric, pruning.direction) == ("train_loss", "minimize")


@pytest.mark.parametrize(
    "objectives", [(), ("maximize accuracy",), ("minimize flops",), ("maximize accuracy", "minimize flops")]
)
def test_code_and_a_file_have_the_same_usual_pruner(objectives: tuple[str, ...]) -> None:
    written = loads(WHOLE + (f"objectives: [{', '.join(objectives)}]\n" if objectives else ""))
    built = StudyConfig(written.name, written.task, written.space, written.objectives)
    assert built.pruning.pruner.name == written.pruning.pruner.name


def test_code_that_names_the_metric_alone_prunes_with_asha() -> None:
    two = loads(WHOLE + "objectives: [maximize accuracy, minimize flops]\n")
    built = StudyConfig(two.name, two.task, two.space, two.objectives, pruning=Pruning(metric="accuracy"))
    assert built.pruning == Pruning(Named("asha"), "accuracy")


def test_the_limits_of_the_study_come_before_those_of_its_space() -> None:
    text = SPACE + "  limits: {parameters: 1k, flops: 1M}\nlimits: {parameters: 2k}\n"
    assert loads(text).space.limits == Limits(2000, 1_000_000)


def test_the_environment_gives_the_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_TEST_DB", "sqlite:///here.db")
    assert loads(WHOLE + "storage: ${NAS_TEST_DB:-sqlite:///x.db}\n").storage == "sqlite:///here.db"


def test_the_environment_gives_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_TEST_DB", "runs")
    assert loads(WHOLE + "artifacts: {folder: '${NAS_TEST_DB}'}\n").artifacts.folder == "${NAS_TEST_DB}"


def test_a_password_is_not_put_on_record() -> None:
    config = loads(WHOLE + "storage: postgresql://me:secret@host/nas\n")
    assert to_json(config)["storage"] == "postgresql://me:***@host/nas"


def test_a_study_without_mistakes_imports_no_torch() -> None:
    import subprocess
    import sys

    lines = (
        "import sys, nas.study_file.load",
        f"nas.study_file.load.loads({SHORTEST!r})",
        "print([name for name in ('torch', 'optuna', 'sqlalchemy') if name in sys.modules])",
    )
    done = subprocess.run([sys.executable, "-c", "; ".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_resolved_study_that_is_wrong_names_no_file() -> None:
    with pytest.raises(SpecError, match=r"^1:7: name: needs small letters"):
        loads(WHOLE.replace("name: a", "name: A"))


def test_the_resolved_study_has_no_line_longer_than_an_editor(full: StudyConfig) -> None:
    assert max(map(len, resolved(full).splitlines())) <= 100
