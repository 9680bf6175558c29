"""Expressions: what they mean, how far they miss, and what is wrong with them."""

import operator
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.candidate import Value
from search_spaces.errors import SpecError
from search_spaces.expressions import Expression
from search_spaces.expressions.parser import DEEPEST, LONGEST

POINT: Mapping[str, Value] = {
    "depth": 3,
    "width": (64, 32, 16),
    "norm": "group",
    "residual": True,
    "optimizer.sgd.lr": 0.1,
}


def evaluate(text: str) -> object:
    return Expression.parse(text).evaluate(POINT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("-2 * 3 - -1", -5),
        ("7 // 2 + 7 % 2 + 1 / 2", 4.5),
        ("200k + 1.5M", 1_700_000),
        ("1e-3 * 2G", 2_000_000.0),
        ("max(width) - min(width)", 48),
        ("sum(width, depth)", 115),
        ("len(width) + len(depth)", 4),
        ("abs(16 - depth)", 13),
        ("optimizer.sgd.lr", 0.1),
        ("1 < depth <= 3", True),
        ("3 < depth < 9", False),
        ("norm == group", True),
        ("norm != 'group'", False),
        ("norm in [none, 'batch']", False),
        ("depth in [1, 3]", True),
        ("not depth == 3 or residual", True),
        ("not (depth == 3 or residual)", False),
        ("false and false or true", True),
        ("true or false and false", True),
        ("depth > 2 -> max(width) <= 64", True),
        ("depth > 2 -> max(width) < 64", False),
        ("false -> false -> false", True),
        ("residual == 1", False),
    ],
)
def test_it_has_the_value_that_its_precedence_gives(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "excess"),
    [
        ("depth <= 5", -2),
        ("depth <= 1", 2),
        ("depth >= 10", 7),
        ("not depth <= 1", -2),
        ("depth == 5", 2),
        ("norm == layer", 1),
        ("depth <= 1 and max(width) <= 4", 2),
        ("depth <= 1 or max(width) <= 60", 2),
        ("depth > 2 -> max(width) <= 60", 1),
        ("depth > 3 -> max(width) <= 60", 0),
        ("1 / 0 < 3", float("inf")),
    ],
)
def test_its_excess_is_how_far_it_is_from_holding(text: str, excess: float) -> None:
    assert Expression.parse(text).excess(POINT) == excess


def test_a_strict_comparison_of_equals_does_not_hold() -> None:
    assert Expression.parse("depth < 3").excess(POINT) > 0


def test_the_right_side_is_not_looked_at_where_the_left_decides() -> None:
    assert Expression.parse("depth > 9 -> nothing > 1").excess(POINT) <= 0


def test_it_knows_its_names_and_its_words() -> None:
    expression = Expression.parse("depth > 2 and norm in [none, batch] -> optimizer.sgd.lr < 1")
    assert expression.names == {"depth", "norm", "optimizer.sgd.lr"}
    assert expression.words == {"none", "batch"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "something is missing"),
        ("depth +", "something is missing at character 8"),
        ("(depth", "')' is missing"),
        ("depth 3", "unexpected '3' at character 7"),
        ("depth $ 3", "unexpected '$'"),
        ("depth in 3", "'[' is missing"),
        ("depth in []", "nothing is in []"),
        ("maxx(width)", "unknown function 'maxx' (did you mean 'max'?)"),
        ("abs(1, 2)", "abs() needs one argument"),
        ("__import__('os')", "unknown function"),
        ("'open", "unexpected"),
        ("1 +" * LONGEST, f"at most {LONGEST} characters"),
        ("(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1), f"at most {DEEPEST} deep"),
    ],
)
def test_a_mistake_says_what_and_where(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Expression.parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dept > 1", "unknown name 'dept' (did you mean 'depth'?)"),
        ("norm > 1", "needs numbers, got 'group'"),
        ("width > 1", "use min, max, sum or len"),
        ("norm and true", "needs a condition, got 'group'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Expression.parse(text).excess(POINT)
    assert message in str(caught.value)


def test_the_longest_chain_is_read() -> None:
    assert Expression.parse("<".join("1" * (LONGEST // 2))).evaluate({}) is False


NUMBERS = st.integers(0, 9)
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@given(first=NUMBERS, rest=st.lists(st.tuples(st.sampled_from(sorted(SIGNS)), NUMBERS), max_size=12))
def test_arithmetic_is_pythons(first: int, rest: list[tuple[str, int]]) -> None:
    text = str(first) + "".join(f" {sign} {number}" for sign, number in rest)
    expected = eval(text)
    assert Expression.parse(text).evaluate({}) == expected


@given(
    first=st.booleans(),
    rest=st.lists(st.tuples(st.sampled_from(["and", "or"]), st.booleans(), st.booleans()), max_size=8),
)
def test_logic_is_pythons(first: bool, rest: list[tuple[str, bool, bool]]) -> None:
    text = str(first) + "".join(f" {sign} {'not ' * no}{value}" for sign, no, value in rest)
    expected = eval(text)
    assert Expression.parse(text.lower()).evaluate({}) == expected


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SpecError):
        Expression.parse(text)
