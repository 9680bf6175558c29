"""A sampler of another distribution that errs is told of in one sentence with its name."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from searching import NUMERIC

from nas.checked_sampler import CheckedSampler
from nas.samplers import SpaceExhausted
from search_spaces.candidate import Params
from search_spaces.errors import NasError

POINT = NUMERIC.sample(random.Random(0))
FIRST = next(iter(POINT))


class Guest:
    """Does what it is told."""

    def __init__(self, ask: Callable[[Sequence[int]], Any], state: object = None) -> None:
        self.ask, self._state = ask, state

    def tell(self, trials: Sequence[object]) -> None:
        raise ValueError("no idea")

    def state(self, number: int) -> Any:
        return self._state


def asked(given: object) -> list[Params]:
    return CheckedSampler("guest", lambda: Guest(lambda _: given), NUMERIC).ask([0])


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
    with pytest.raises(NasError, match="the sampler 'guest' cannot be used") as raised:
        asked(given)
    assert told in str(raised.value)


def test_numbers_of_numpy_are_taken_as_what_they_are() -> None:
    numbers = {name: np.asarray(value)[()] if not isinstance(value, str) else value for name, value in POINT.items()}
    assert asked([numbers]) == [POINT]
    assert {type(value) for value in asked([numbers])[0].values()} <= {int, float, str, bool}


@pytest.mark.parametrize("error", [ValueError("no idea"), SystemExit(3)])
def test_what_it_raises_is_told_with_its_name(error: BaseException) -> None:
    def ask(numbers: Sequence[int]) -> list[Params]:
        raise error

    guest = CheckedSampler("guest", lambda: Guest(ask), NUMERIC)
    with pytest.raises(NasError, match=f"'guest' cannot be used: ask raised {type(error).__name__}"):
        guest.ask([0])
    with pytest.raises(NasError, match="'guest' cannot be used: tell raised ValueError: no idea"):
        guest.tell([])


def test_the_end_of_the_space_and_ctrl_c_pass() -> None:
    for error in (SpaceExhausted(), KeyboardInterrupt()):

        def ask(numbers: Sequence[int], error: BaseException = error) -> list[Params]:
            raise error

        with pytest.raises(type(error)):
            CheckedSampler("guest", lambda: Guest(ask), NUMERIC).ask([0])


@pytest.mark.parametrize("state", [object(), math.nan, [1, 2], {"a": {1, 2}}])
def test_a_state_that_is_no_json_is_refused(state: object) -> None:
    with pytest.raises(NasError, match="'guest' cannot be used: its state is no"):
        CheckedSampler("guest", lambda: Guest(lambda _: [], state), NUMERIC).state(0)


def test_one_that_cannot_be_made_is_named() -> None:
    with pytest.raises(NasError, match="'guest' cannot be used: making it raised ZeroDivisionError"):
        CheckedSampler("guest", lambda: Guest(lambda _: 1 // 0, 1 // 0), NUMERIC)
