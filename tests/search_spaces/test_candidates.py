"""From flat names to a candidate: layers folded, choices opened, defaults filled in."""

import json
import pickle
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_spaces import each, everything, mlp_spaces

from search_spaces.candidate import Candidate, Named, Settings
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace

SEEDS = st.integers(0, 10_000)


@given(space=mlp_spaces(), seed=SEEDS)
def test_layers_are_folded_to_a_tuple_as_long_as_the_depth(space: SearchSpace, seed: int) -> None:
    params = space.sample(random.Random(seed))
    settings = space.candidate(params, seed).architecture.settings
    tuples = {name: value for name, value in settings.items() if isinstance(value, tuple)}
    assert tuples == {
        name: tuple(params[f"{name}.{index}"] for index in range(int(settings["depth"])))  # type: ignore[arg-type]
        for name in ("width", "activation", "dropout")
        if f"{name}.0" in space.dimensions
    }


@given(seed=SEEDS)
def test_a_candidate_of_text_is_the_one_that_was_written(seed: int) -> None:
    candidate = everything().candidate(everything().sample(random.Random(seed)), seed)
    text = json.dumps(candidate.to_json())
    assert Candidate.written(text) == candidate
    assert hash(Candidate.written(text)) == hash(candidate)
    assert replace(Candidate.written(text), seed=3) == replace(candidate, seed=3)
    assert pickle.loads(pickle.dumps(Candidate.written(text))) == candidate


def test_a_candidate_of_text_has_no_other_fields() -> None:
    with pytest.raises(AttributeError, match="'Candidate' object has no attribute 'recipes'"):
        getattr(Candidate.written("{}"), "recipes")  # noqa: B009  # of a name that type checkers do not know


@given(seed=SEEDS)
def test_a_candidate_comes_back_from_json(seed: int) -> None:
    space = everything()
    candidate = space.candidate(space.sample(random.Random(seed)), seed)
    assert Candidate.from_json(candidate.to_json()) == candidate


def test_every_hyper_parameter_is_filled_in() -> None:
    candidate = SearchSpace("test", "mlp", {}, {}).candidate({}, 7)
    expected = {
        "depth": 2,
        "width": 64,
        "activation": "relu",
        "norm": "none",
        "groups": 8,
        "dropout": 0.0,
        "init": "he",
    }
    assert (dict(candidate.architecture.settings), candidate.seed) == (expected, 7)


def test_the_settings_of_the_chosen_optimizer_are_its_own() -> None:
    recipe: dict[str, Dimension] = {"optimizer": Choice(("sgd", "adam")), "optimizer.sgd.lr": Float(0.01, 1)}
    space = SearchSpace("test", "mlp", {}, recipe, Settings({"optimizer.sgd.momentum": 0.5, "optimizer.adam.lr": 0.2}))
    sgd = space.candidate({"optimizer": "sgd", "optimizer.sgd.lr": 0.1}, 0).recipe.optimizer
    assert sgd == Named("sgd", Settings(lr=0.1, momentum=0.5, nesterov=False))


def test_a_fixed_setting_counts_for_its_optimizer_alone() -> None:
    recipe = {"optimizer": Choice(("sgd", "adam"))}
    space = SearchSpace("test", "mlp", {}, recipe, Settings({"optimizer.sgd.lr": 0.5, "optimizer.adam.lr": 0.2}))
    assert space.candidate({"optimizer": "adam"}, 0).recipe.optimizer.settings["lr"] == 0.2


def test_a_learning_rate_without_its_optimizer_is_for_the_chosen_one() -> None:
    recipe: dict[str, Dimension] = {"optimizer": Choice(("sgd", "adam")), "lr": Float(0.01, 1)}
    space = SearchSpace("test", "mlp", {}, recipe)
    assert space.candidate({"optimizer": "adam", "lr": 0.3}, 0).recipe.optimizer.settings["lr"] == 0.3


def test_what_a_choice_opens_is_a_field_of_the_family() -> None:
    space = SearchSpace("test", "mlp", {"norm": Choice(("none", "group")), "norm.group.groups": Int(1, 4)}, {})
    assert space.candidate({"norm": "group", "norm.group.groups": 3}, 0).architecture.settings["groups"] == 3


def test_the_same_written_flat_is_opened_by_the_choice_too() -> None:
    space = SearchSpace("test", "mlp", {"norm": Choice(("none", "group")), "groups": Int(1, 4)}, {})
    assert (space.active({"norm": "none"}), space.active({"norm": "group", "groups": 1})) == (
        ("norm",),
        ("norm", "groups"),
    )


def test_what_is_not_active_is_as_by_default() -> None:
    dropout = Float(0.1, 0.5, when=Expression.parse("depth > 2"))
    space = SearchSpace("test", "mlp", {"depth": Int(1, 4), "dropout": dropout}, {})
    assert space.candidate({"depth": 2}, 0).architecture.settings["dropout"] == 0.0


def test_a_layer_without_a_dimension_of_its_own_is_as_fixed() -> None:
    space = SearchSpace("test", "mlp", each("width", Choice((8, 16)), 2), {}, Settings(depth=3, width=24))
    assert space.candidate({"width.0": 8, "width.1": 16}, 0).architecture.settings["width"] == (8, 16, 24)


def test_fixed_layers_stay_a_tuple() -> None:
    space = SearchSpace("test", "mlp", {}, {}, Settings(depth=2, width=(24, 12)))
    assert space.candidate({}, 0).architecture.settings["width"] == (24, 12)


def test_a_whole_range_of_a_real_hyper_parameter_is_one_of_real_numbers() -> None:
    space = SearchSpace("test", "mlp", {}, {"optimizer.adamw.lr": Int(1, 2)})
    assert space.dimensions["optimizer.adamw.lr"] == Float(1, 2)


def test_a_schedule_is_folded_like_an_optimizer() -> None:
    recipe: dict[str, Dimension] = {"schedule": Choice(("constant", "step")), "schedule.step.gamma": Float(0.1, 0.9)}
    space = SearchSpace("test", "mlp", {}, recipe)
    assert space.candidate({"schedule": "step", "schedule.step.gamma": 0.5}, 0).recipe.schedule == Named(
        "step", Settings(steps=3, gamma=0.5)
    )
