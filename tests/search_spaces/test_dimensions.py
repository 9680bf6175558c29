"""Dimensions: what they hold, what they draw, how they are written."""

import math
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.candidate import Scalar
from search_spaces.dimensions import Choice, Dimension, Float, Int, dimension_from_json, parse_range
from search_spaces.documents.numbers import number_of
from search_spaces.errors import SpecError
from search_spaces.expressions import Expression

WHOLE = st.integers(-1000, 1000)
REAL = st.floats(-1e6, 1e6)


@st.composite
def ints(draw: st.DrawFn) -> Int:
    low, high = sorted((draw(WHOLE), draw(WHOLE)))
    return Int(low, high, draw(st.integers(1, 50)))


@st.composite
def log_ints(draw: st.DrawFn) -> Int:
    low, high = sorted((draw(st.integers(1, 10**6)), draw(st.integers(1, 10**6))))
    return Int(low, high, log=True)


@st.composite
def floats(draw: st.DrawFn) -> Float:
    low, high = sorted((draw(REAL), draw(REAL)))
    return Float(low, high, draw(st.none() | st.floats(0.01, 10)))


@st.composite
def log_floats(draw: st.DrawFn) -> Float:
    low, high = sorted((draw(st.floats(1e-12, 1e6)), draw(st.floats(1e-12, 1e6))))
    return Float(low, high, log=True)


OPTIONS: list[Scalar] = ["relu", "tanh", 1, 0.5, True, False]
CHOICES = st.lists(st.sampled_from(OPTIONS), min_size=1, unique_by=repr).map(lambda options: Choice(tuple(options)))
DIMENSIONS = ints() | log_ints() | floats() | log_floats() | CHOICES


@given(dimension=DIMENSIONS, seed=st.integers(0, 100))
def test_what_it_draws_it_contains(dimension: Dimension, seed: int) -> None:
    assert dimension.contains(dimension.sample(random.Random(seed)))


@given(dimension=DIMENSIONS)
def test_it_comes_back_from_json(dimension: Dimension) -> None:
    assert dimension_from_json(dimension.to_json()) == dimension


def test_its_condition_comes_back_from_json() -> None:
    dimension = Float(0, 1, when=Expression.parse("depth > 2"))
    assert dimension_from_json(dimension.to_json()) == dimension


@given(dimension=ints() | log_ints())
def test_a_range_of_whole_numbers_is_read_as_it_is_written(dimension: Int) -> None:
    assert parse_range(str(dimension)) == dimension


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("1..6", Int(1, 6)),
        ("-3..-1", Int(-3, -1)),
        ("16..128 step 16", Int(16, 128, 16)),
        ("1k..4k log", Int(1000, 4000, log=True)),
        ("1e-4..1e-1 log", Float(1e-4, 1e-1, log=True)),
        ("0..0.99", Float(0, 0.99)),
        ("0..1 step 0.25", Float(0, 1, 0.25)),
        (".1...5", Float(0.1, 0.5)),
        (" 1 .. 6 ", Int(1, 6)),
    ],
)
def test_the_range_grammar(text: str, dimension: Dimension) -> None:
    assert parse_range(text) == dimension


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0..0.1 log", "log range needs low > 0, got 0..0.1 (try 1e-6..0.1 log)"),
        ("0..1 log", "log range needs low > 0, got 0..1 (try 1e-5..1 log)"),
        ("0..0.5 log", "log range needs low > 0, got 0..0.5 (try 1e-6..0.5 log)"),
        ("0..128 log", "log range needs low > 0, got 0..128 (try 1..128 log)"),
        ("-3..0 log", "log range needs low > 0, got -3..0 (try 1e-5..1 log)"),
        ("6..1", "a range needs low ≤ high, got 6..1 (try 1..6)"),
        ("1..6 lgo", "unknown 'lgo' after the range '1..6 lgo' (did you mean 'log'?)"),
        ("1..6 step 0", "a step must be > 0, got 0"),
        ("1..6 log step 2", "unknown 'log step 2'"),
        ("a..6", "'a' is not a number in the range 'a..6'"),
        ("1..inf", "'inf' is not a number"),
        ("1e999..2e999", "a range needs finite ends"),
        ("16", "not a range: '16'"),
        ("1..2..3", "'2..3' is not a number"),
    ],
)
def test_a_wrong_range_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_range(text)
    assert message in str(caught.value)


@given(text=st.text(max_size=30) | st.text("-+0123456789.ekMGlogstp ", max_size=30))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    with suppress(SpecError):
        parse_range(text)


@pytest.mark.parametrize(
    ("options", "message"), [((), "at least one option"), (("a", "a"), "given twice"), ((math.nan,), "must be finite")]
)
def test_a_choice_has_different_finite_options(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Choice(options)


def test_true_is_not_the_option_1() -> None:
    assert not Choice((1, 2)).contains(True)


def test_a_whole_range_ends_on_its_step() -> None:
    assert Int(16, 100, 16).high == 96


def test_a_real_step_draws_the_numbers_one_would_write() -> None:
    dimension = Float(0.1, 0.5, 0.1)
    assert {dimension.sample(random.Random(seed)) for seed in range(60)} == {0.1, 0.2, 0.3, 0.4, 0.5}


@pytest.mark.parametrize(
    ("dimension", "size"),
    [
        (Int(1, 6), 6),
        (Int(16, 128, 16), 8),
        (Float(0, 1), math.inf),
        (Float(0, 1, 0.25), 5),
        (Float(3, 3), 1),
        (Choice(("a", "b")), 2),
    ],
)
def test_its_size_counts_its_values(dimension: Dimension, size: float) -> None:
    assert dimension.size == size


def test_a_log_range_draws_each_decade_alike() -> None:
    rng, dimension = random.Random(0), Float(1e-4, 1e-1, log=True)
    small = sum(dimension.sample(rng) < 1e-3 for _ in range(3000))
    assert 900 < small < 1100


@pytest.mark.parametrize(
    ("text", "number"), [("200k", 200_000), ("1.5M", 1_500_000), ("-2G", -(2 * 10**9)), ("1e-3", 1e-3), ("7", 7)]
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "k", "1x", "1..2", "0x10", "1_000", "nan", "١"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None
