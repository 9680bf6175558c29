"""`--set path=value` changes the document before it is read."""

from pathlib import Path

import pytest
from bad_studies import SPACE, WHOLE
from studies import SHORTEST

from nas.study_file.load import load, loads
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.errors import SpecError


def test_a_value_is_replaced() -> None:
    assert loads(WHOLE, overrides=["space.depth=1..9"]).space.dimensions["depth"] == Int(1, 9)


def test_a_section_that_is_not_there_is_made() -> None:
    assert loads(WHOLE, overrides=["budget.trials=10"]).budget.trials == 10


def test_a_nested_setting_is_replaced() -> None:
    space = loads(SHORTEST, overrides=["space.optimizer.sgd.lr=1e-2..1 log"]).space
    assert space.dimensions["optimizer.sgd.lr"] == Float(0.01, 1.0, log=True)


def test_a_list_of_names_opens_for_a_setting() -> None:
    space = loads(SPACE + "  optimizer: [sgd, adam]\n", overrides=["space.optimizer.sgd.lr=0.1..1"]).space
    assert space.dimensions["optimizer"] == Choice(("sgd", "adam"))
    assert "optimizer.sgd.lr" in space.dimensions


def test_a_name_opens_for_a_setting() -> None:
    config = loads(WHOLE + "sampler: tpe\n", overrides=["sampler.tpe.startup_trials=3"])
    assert config.sampler.settings["startup_trials"] == 3


def test_an_item_of_a_list_is_replaced() -> None:
    text = WHOLE + "objectives: [maximize accuracy, minimize flops]\n"
    assert loads(text, overrides=["objectives.1=minimize parameters"]).objectives[1].metric == "parameters"


def test_a_ready_made_space_is_changed() -> None:
    space = loads("name: a\ntask: digits\nspace: mlp\n", overrides=["space.depth=2"]).space
    assert space.fixed["depth"] == 2
    assert space.name == "mlp"


def test_a_space_from_a_file_is_changed(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("family: mlp\ndepth: 1..3\n")
    (tmp_path / "study.yaml").write_text("name: a\ntask: digits\nspace: mine.yaml\n")
    space = load(tmp_path / "study.yaml", overrides=["space.depth=2..4"]).space
    assert (space.name, space.dimensions["depth"]) == ("mine", Int(2, 4))


def test_a_whole_space_is_replaced() -> None:
    assert loads(WHOLE, overrides=["space=cnn", "space.stages=2"]).space.family == "cnn"


def test_the_last_override_counts() -> None:
    assert loads(WHOLE, overrides=["seed=1", "seed=2"]).seed == 2


def test_an_equals_sign_may_be_in_the_value() -> None:
    assert loads(WHOLE, overrides=["space.constraints=['depth == 2']"]).space.constraints[0].text == "depth == 2"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("budget.trials", "--set budget.trials: needs path=value (such as budget.trials=10)"),
        ("=3", "--set =3: needs path=value (such as budget.trials=10)"),
        ("a b=3", "--set a b=3: needs path=value (such as budget.trials=10)"),
        ("seed=x", "--set seed=x: seed: needs a whole number from 0 to 4294967295, got 'x'"),
        ("sed=3", "--set sed=3: sed: unknown key (did you mean 'seed'?)"),
        ("space.depth=6..1", "--set space.depth=6..1: space.depth: a range needs low ≤ high, got 6..1 (try 1..6)"),
        ("seed=", "--set seed=: seed: needs a whole number from 0 to 4294967295, got ''"),
        (
            "seed=[1",
            "--set seed=[1: is not YAML: while parsing a flow sequence, expected ',' or ']'",
        ),
        (
            "seed=!!int 3",
            "--set seed=!!int 3: tags (tag:yaml.org,2002:int) are not allowed",
        ),
        (
            "task.wine.size=3",
            "--set task.wine.size=3: task.wine.size: nothing called 'wine' can be set inside",
        ),
    ],
)
def test_a_mistake_names_the_override(override: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(WHOLE, overrides=[override])
    assert str(caught.value).startswith(message)
