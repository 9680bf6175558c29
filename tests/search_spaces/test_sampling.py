"""Search spaces: what is active, what is drawn, what is inside, and how large they are."""

import math
import pickle
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_spaces import each, everything, mlp_spaces

from search_spaces.candidate import Params, Scalar, Settings
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.errors import SpecError
from search_spaces.expressions import Expression
from search_spaces.families import build
from search_spaces.network import Network
from search_spaces.ops.linear import Linear
from search_spaces.space import Limits, SearchSpace

SEEDS = st.integers(0, 10_000)


def mlp(architecture: dict[str, Dimension], recipe: dict[str, Dimension] | None = None, *texts: str) -> SearchSpace:
    return SearchSpace("test", "mlp", architecture, recipe or {}, constraints=tuple(map(Expression.parse, texts)))


@given(seed=SEEDS)
def test_what_is_drawn_is_inside(seed: int) -> None:
    space = everything()
    assert space.contains(space.sample(random.Random(seed)))


@given(space=mlp_spaces(), seed=SEEDS)
def test_what_is_drawn_of_any_space_is_inside_and_builds(space: SearchSpace, seed: int) -> None:
    params = space.sample(random.Random(seed))
    assert space.contains(params)
    build(space.candidate(params, seed).architecture, (5,), 3)


@given(space=mlp_spaces(), seed=SEEDS)
def test_without_one_of_its_values_it_is_no_point(space: SearchSpace, seed: int) -> None:
    params = dict(space.sample(random.Random(seed)))
    params.pop(random.Random(seed).choice(sorted(params)))
    assert not space.contains(params)


@given(seed=SEEDS)
def test_a_value_that_is_not_open_makes_it_no_point(seed: int) -> None:
    space = everything()
    params = dict(space.sample(random.Random(seed)))
    closed = next(name for name in space.dimensions if name not in params)
    value = space.dimensions[closed].sample(random.Random(seed))
    assert not space.contains({**params, closed: value})


@given(space=mlp_spaces(), seed=SEEDS)
def test_the_names_that_are_active_are_those_that_were_asked_for_in_order(space: SearchSpace, seed: int) -> None:
    asked: list[str] = []
    rng = random.Random(seed)

    def suggest(name: str, dimension: Dimension) -> Scalar:
        asked.append(name)
        return dimension.sample(rng)

    params = space.propose(suggest)
    assert tuple(asked) == space.active(params) == tuple(params)


@given(space=mlp_spaces())
def test_a_space_comes_back_from_json(space: SearchSpace) -> None:
    assert SearchSpace.from_json(space.to_json()) == space


def test_a_space_with_everything_comes_back_from_json() -> None:
    assert SearchSpace.from_json(everything().to_json()) == everything()


def test_a_space_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(everything())) == everything()


@given(space=mlp_spaces())
def test_its_size_is_the_number_of_its_points(space: SearchSpace) -> None:
    expected = sum(1 for _ in _points(space))
    assert space.size == expected


def test_a_continuous_dimension_makes_it_infinite() -> None:
    assert mlp({}, {"weight_decay": Float(0, 1)}).size == math.inf


def test_many_layers_are_counted_exactly() -> None:
    space = mlp({"depth": Int(1, 16), **each("width", Choice(tuple(range(1, 9))), 16)})
    assert space.size == sum(8**depth for depth in range(1, 17))


def test_every_point_is_drawn_about_as_often() -> None:
    space, rng = mlp({"norm": Choice(("none", "batch")), "depth": Int(1, 2)}), random.Random(0)
    drawn = Counter(tuple(space.sample(rng).values()) for _ in range(2000))
    assert len(drawn) == 4
    assert min(drawn.values()) > 400


def test_layers_beyond_the_depth_have_no_width() -> None:
    space = mlp({"depth": Int(1, 3), **each("width", Choice((8, 16)), 3)})
    assert space.active({"depth": 2, "width.0": 8, "width.1": 8}) == ("depth", "width.0", "width.1")


def test_layers_beyond_a_fixed_depth_have_no_width() -> None:
    space = SearchSpace("test", "mlp", each("width", Choice((8, 16)), 3), {}, Settings(depth=2))
    assert space.active({"width.0": 8, "width.1": 8}) == ("width.0", "width.1")


def test_a_condition_opens_a_dimension() -> None:
    space = mlp({"depth": Int(1, 3), "norm": Choice(("none", "batch"), when=Expression.parse("depth > 2"))})
    assert (space.active({"depth": 2}), space.active({"depth": 3, "norm": "none"})) == (("depth",), ("depth", "norm"))


def test_what_an_unopened_choice_opens_is_not_active() -> None:
    when = Expression.parse("depth > 2")
    space = mlp({"depth": Int(1, 3), "norm": Choice(("group", "none"), when=when), "norm.group.groups": Int(1, 4)})
    assert space.active({"depth": 1}) == ("depth",)


def test_a_condition_on_a_value_that_is_missing_does_not_hold() -> None:
    closed = Choice((16, 32), when=Expression.parse("norm != group"))
    space = mlp({"depth": Int(1, 3), "norm": Choice(("group", "none"), when=Expression.parse("depth > 2"))})
    space = SearchSpace("test", "mlp", space.architecture, {"batch_size": closed})
    assert space.active({"depth": 1}) == ("depth",)


def test_parents_are_asked_for_first() -> None:
    space = mlp({"dropout": Float(0, 0.5, when=Expression.parse("batch_size > 16"))}, {"batch_size": Choice((16, 32))})
    assert tuple(space.dimensions) == ("batch_size", "dropout")


def test_a_condition_on_all_layers_comes_after_them_and_their_count() -> None:
    norm = Choice(("none", "batch"), when=Expression.parse("sum(width) > 20"))
    space = mlp({"norm": norm, **each("width", Choice((8, 16)), 2), "depth": Int(1, 2)})
    assert tuple(space.dimensions) == ("depth", "width.0", "width.1", "norm")
    assert space.size == 2 + 1 + 3 * 2


def test_a_broken_constraint_says_how_far() -> None:
    space = mlp({"depth": Int(1, 4), **each("width", Int(8, 64), 4)}, None, "sum(width) <= 64", "depth < 4")
    assert space.violated({"depth": 2, "width.0": 60, "width.1": 10}) == {"sum(width) <= 64": 6}


def test_a_constraint_on_what_is_not_active_holds() -> None:
    space = mlp({"depth": Int(1, 2), **each("width", Int(8, 64), 2)}, None, "width.0 < width.1")
    assert space.violated({"depth": 1, "width.0": 60}) == {}


def test_a_constraint_may_name_what_is_fixed_or_by_default() -> None:
    space = mlp({"depth": Int(1, 6)}, None, "depth * width <= 128", "batch_size == 32", "optimizer == adamw")
    assert space.violated({"depth": 3}) == {"depth * width <= 128": 64}


def test_a_flat_name_in_a_constraint_is_the_chosen_optimizers() -> None:
    rates: dict[str, Dimension] = {f"optimizer.{name}.lr": Float(0.25, 1) for name in ("sgd", "adam")}
    space = mlp({}, {"optimizer": Choice(("sgd", "adam")), **rates}, "lr <= 0.5")
    assert space.violated({"optimizer": "adam", "optimizer.adam.lr": 0.75}) == {"lr <= 0.5": 0.25}


def test_constraints_that_nothing_satisfies_are_named() -> None:
    space = mlp({"depth": Int(1, 4)}, None, "depth > 9")
    with pytest.raises(SpecError, match=r"none of 10000 points satisfies the constraints, 'depth > 9' was broken"):
        space.sample(random.Random(0))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ({"dept": Int(1, 2)}, "dept: unknown hyper-parameter 'dept' (did you mean 'depth'?)"),
        ({"depth": Int(0, 2)}, "depth: needs a whole number ≥ 1 and ≤ 16, got 0"),
        ({"depth": Float(1, 2.5)}, "depth: needs a whole number"),
        ({"norm": Choice(("bacth", "none"))}, "norm: unknown option 'bacth' (did you mean 'batch'?)"),
        ({"norm.0": Choice(("none",))}, "norm.0: norm is one value for the whole network"),
        ({"norm.group.group": Int(1, 2)}, "unknown hyper-parameter 'group' (did you mean 'groups'?)"),
        ({"norm.batch.groups": Int(1, 2)}, "unknown hyper-parameter 'groups'"),
        ({"batch_size": Int(1, 2)}, "batch_size: is a dimension of the recipe"),
        ({"optimizer.sdg.lr": Float(0.1, 1)}, "unknown optimizer 'sdg' (did you mean 'sgd'?)"),
        ({"optimizer.sgd.beta": Float(0.1, 1)}, "unknown hyper-parameter 'beta'"),
        ({"depth": Int(1, 2, when=Expression.parse("depht > 1"))}, "unknown hyper-parameter 'depht'"),
        ({"depth": Int(1, 2, when=Expression.parse("depth > 1"))}, "circular condition: depth"),
        ({"init": Choice(("he",)), "depth": Int(1, 2)}, "init: is both a dimension and fixed"),
    ],
)
def test_a_mistake_in_a_space_is_named(architecture: dict[str, Dimension], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        SearchSpace("test", "mlp", architecture, {}, Settings(init="he"))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["norm > 1", "width.0 > 1 -> width + 1 > 3", "norm + 1 == 2"])
def test_a_constraint_that_compares_what_cannot_be_compared_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"constraints: .* needs numbers, got"):
        mlp({"depth": Int(1, 2), **each("width", Int(8, 64), 2)}, None, text)


def test_all_mistakes_are_listed() -> None:
    with pytest.raises(SpecError) as caught:
        mlp({"depth": Int(0, 99), "norm": Choice(("no",))}, {"warmup": Float(0, 2)})
    assert [problem.path for problem in caught.value.problems] == ["depth", "depth", "norm", "warmup"]


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(SpecError, match="unknown family 'mpl'"):
        SearchSpace("test", "mpl", {}, {})


def test_limits_say_what_a_network_exceeds() -> None:
    network = Network((10,), 5, (Linear(5),))
    assert Limits(parameters=50, flops=100).excesses(network) == {"parameters <= 50": 5, "flops <= 100": 0}


def _points(space: SearchSpace) -> list[Params]:
    points: list[dict[str, Scalar]] = [{}]
    for name, dimension in space.dimensions.items():
        values = dimension.options if isinstance(dimension, Choice) else range(dimension.low, dimension.high + 1)  # type: ignore[arg-type]
        points = [
            {**point, **more}
            for point in points
            for more in ([{name: value} for value in values] if name in space.active(point) else [{}])
        ]
    return list(points)
