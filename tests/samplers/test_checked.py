"""A sampler of another distribution that errs is set aside, and told of in one sentence with its name."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from searching import NUMERIC

from nas.samplers import SpaceExhausted
from nas.samplers._checked import CheckedSampler
from search_spaces.candidate import Params
from search_spaces.errors import NasError

POINT = NUMERIC.sample(random.Random(0))
FIRST = next(iter(POINT))
REFUSED = "sampler.guest: the sampler 'guest' cannot be used: "


class Guest:
    """Does what it is told."""

    def __init__(self, ask: Callable[[Sequence[int]], Any], state: object = None) -> None:
        self.ask, self._state = ask, state

    def tell(self, trials: Sequence[object]) -> None:
        raise ValueError("no idea")

    def state(self, number: int) -> Any:
        return self._state


def raising(error: BaseException) -> Callable[[Sequence[int]], Any]:
    def ask(numbers: Sequence[int]) -> Any:
        raise error

    return ask


def guest(ask: Callable[[Sequence[int]], Any], state: object = None) -> CheckedSampler:
    return CheckedSampler("guest", lambda: Guest(ask, state), NUMERIC)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "asked for 1 candidate it gave None"),
        ([POINT, POINT], "asked for 1 candidate it gave"),
        ([None], "a candidate needs a value for each dimension, got None"),
        ([{**POINT, FIRST: math.nan}], f"it gave {FIRST} = nan, which is not in"),
        ([{**POINT, FIRST: math.inf}], f"it gave {FIRST} = inf, which is not in"),
        ([{**POINT, FIRST: None}], f"it gave {FIRST} = None, which is not in"),
        ([{**POINT, "bogus": 1}], "it gave a value for 'bogus', which is no dimension"),
        ([{name: POINT[name] for name in POINT if name != FIRST}], f"it gave no value for {FIRST}"),
    ],
)
def test_what_is_no_point_of_the_space_is_refused_by_name(given: object, told: str) -> None:
    sampler = guest(lambda _: given)
    assert sampler.ask([0]) == []
    assert str(sampler.trouble).startswith(f"{REFUSED}{told}")


def test_numbers_of_numpy_are_taken_as_what_they_are() -> None:
    numbers = {name: np.asarray(value)[()] if not isinstance(value, str) else value for name, value in POINT.items()}
    asked = guest(lambda _: [numbers]).ask([0])
    assert asked == [POINT]
    assert {type(value) for value in asked[0].values()} <= {int, float, str, bool}


@pytest.mark.parametrize("error", [ValueError("no\nidea"), SystemExit("no idea")])
def test_what_it_raises_is_told_with_its_name(error: BaseException) -> None:
    sampler = guest(raising(error))
    assert sampler.ask([0]) == []
    assert str(sampler.trouble) == f"{REFUSED}ask raised {type(error).__name__}: no idea"


def test_once_set_aside_it_is_asked_no_more() -> None:
    asked: list[Sequence[int]] = []

    def ask(numbers: Sequence[int]) -> list[Params]:
        asked.append(numbers)
        return [POINT]

    sampler = guest(ask)
    sampler.tell([])
    assert sampler.ask([0]) == []
    assert asked == []
    assert str(sampler.trouble) == f"{REFUSED}tell raised ValueError: no idea"


def test_an_error_of_ours_is_told_as_it_is() -> None:
    sampler, error = guest(raising(NasError("this space is too large"))), "this space is too large"
    sampler.ask([0])
    assert str(sampler.trouble) == error


def test_the_end_of_the_space_and_ctrl_c_pass() -> None:
    for error in (SpaceExhausted(), KeyboardInterrupt()):
        sampler = guest(raising(error))
        with pytest.raises(type(error)):
            sampler.ask([0])
        assert sampler.trouble is None


@pytest.mark.parametrize("state", [object(), math.nan, [1, 2], {"a": {1, 2}}])
def test_a_state_that_is_no_json_is_refused(state: object) -> None:
    sampler = guest(lambda _: [], state)
    assert sampler.state(0) == {}
    assert str(sampler.trouble).startswith(f"{REFUSED}its state is no")


@pytest.mark.parametrize("make", [lambda: Guest(lambda _: 1 // 0, 1 // 0), lambda: None])
def test_one_that_cannot_be_made_is_named_at_once(make: Callable[[], Any]) -> None:
    with pytest.raises(NasError, match=r"'guest' cannot be used: making it (raised ZeroDivisionError|gave None)"):
        CheckedSampler("guest", make, NUMERIC)
