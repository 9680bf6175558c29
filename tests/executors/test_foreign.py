"""An executor of another distribution is passed on to, and blamed by name for what nobody foresaw."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from nas.executors._foreign import Foreign
from nas.executors.protocol import Executor
from search_spaces.errors import NasError, SpecError
from workers.errors import TaskError
from workers.messages import Event, JobLost

METHODS = {"describe": (None,), "probe": (None,), "submit": (None,), "poll": (0.1,), "stop": ({1},), "end": ({1},)}


class Guest:
    """Gives, or raises, one thing whatever it is asked."""

    def __init__(self, given: object) -> None:
        self.given = given

    def __getattr__(self, name: str) -> Any:
        if name in ("capacity", "cohort"):
            return self.answer()
        return self.answer

    def answer(self, *asked: object) -> object:
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


def foreign(given: object) -> Any:
    return Foreign("executor.guest", "the executor 'guest'", lambda: cast(Executor, Guest(given)))


@pytest.mark.parametrize("method", METHODS)
def test_it_is_asked_and_its_answer_passed_on(method: str) -> None:
    happened: Sequence[Event | JobLost] = [JobLost(1, "gone")]
    passed = getattr(foreign(happened), method)(*METHODS[method])
    assert passed in (happened, None)
    assert (passed is None) == (method in ("submit", "stop", "end"))


def test_its_sizes_are_passed_on() -> None:
    assert (foreign(3).capacity, foreign(3).cohort) == (3, 3)


@pytest.mark.parametrize("method", METHODS)
def test_what_it_raises_is_told_with_its_name(method: str) -> None:
    with pytest.raises(SpecError, match=r"^executor.guest: the executor 'guest' failed: KeyError: 'x'$"):
        getattr(foreign(KeyError("x")), method)(*METHODS[method])


@pytest.mark.parametrize("error", [TaskError("no such file"), NasError("known"), KeyboardInterrupt()])
def test_what_is_understood_by_itself_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        foreign(error).poll(0.1)
    assert raised.value is error


def test_one_that_cannot_be_started_is_named() -> None:
    def start() -> Executor:
        raise ImportError("no module named cloud")

    with pytest.raises(SpecError, match="'guest' failed: ImportError: no module named cloud"):
        Foreign("executor.guest", "the executor 'guest'", start)
