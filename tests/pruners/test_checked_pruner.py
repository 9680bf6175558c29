"""A pruner of another distribution that errs is set aside, and told of in one sentence with its name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nas.pruners._checked import CheckedPruner
from search_spaces.errors import NasError

REFUSED = "pruner.guest: the pruner 'guest' cannot be used: "


class Guest:
    """Gives what it is told."""

    def __init__(self, report: Any = False, remembered: Any = ()) -> None:
        self.given, self.kept, self.reports = report, remembered, 0

    def report(self, number: int, epoch: int, value: float) -> Any:
        self.reports += 1
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given

    def finish(self, number: int, *, complete: bool) -> None:
        raise ValueError("no idea")

    def remembered(self, epochs: int, *, complete: bool) -> Any:
        return self.kept


def checked(guest: Guest) -> CheckedPruner:
    return CheckedPruner("guest", lambda: guest)


@pytest.mark.parametrize(("given", "answer"), [(True, True), (False, False), (np.True_, True), (np.bool_(0), False)])
def test_its_answer_is_passed_on(given: object, answer: bool) -> None:
    assert checked(Guest(given)).report(0, 1, 0.5) is answer


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "asked whether to stop a trial it gave None"),
        ("no", "asked whether to stop a trial it gave 'no'"),
        (KeyError("x"), "report raised KeyError: 'x'"),
        (SystemExit(3), "report raised SystemExit: 3"),
    ],
)
def test_what_is_no_answer_sets_it_aside_and_stops_no_trial(given: object, told: str) -> None:
    guest = Guest(given)
    pruner = checked(guest)
    assert [pruner.report(0, epoch, 0.5) for epoch in (1, 2)] == [False, False]
    assert str(pruner.trouble) == f"{REFUSED}{told}"
    assert guest.reports == 1


@pytest.mark.parametrize("kept", [None, 3, ["first"], object()])
def test_epochs_that_are_none_set_it_aside(kept: object) -> None:
    pruner = checked(Guest(remembered=kept))
    assert list(pruner.remembered(3, complete=True)) == []
    assert str(pruner.trouble).startswith(f"{REFUSED}asked for the epochs that it remembers it gave ")


def test_what_it_raises_at_the_end_of_a_trial_is_told_too() -> None:
    pruner = checked(Guest(remembered=range(1, 3)))
    assert list(pruner.remembered(3, complete=True)) == [1, 2]
    pruner.finish(0, complete=True)
    assert str(pruner.trouble) == f"{REFUSED}finish raised ValueError: no idea"


@pytest.mark.parametrize("make", [lambda: 1 // 0, lambda: None])
def test_one_that_cannot_be_made_is_named_at_once(make: Callable[[], Any]) -> None:
    with pytest.raises(NasError, match=r"'guest' cannot be used: making it (raised ZeroDivisionError|gave None)"):
        CheckedPruner("guest", make)
