"""Splits: shares, strata, parts that came apart, and what cannot be split."""

import numpy as np
import pytest

from workers.datasets.splits import divide
from workers.errors import TaskError
from workers.messages import Split
from workers.tasks.protocol import ArrayInputs, Samples


def labelled(*counts: int, **given: object) -> Samples:
    targets = np.repeat(np.arange(len(counts)), counts)
    classes = tuple("abcdef"[: len(counts)])
    return Samples("classification", ArrayInputs(np.zeros((len(targets), 1))), targets, classes, **given)  # type: ignore[arg-type]


def test_shares_are_of_all_samples() -> None:
    parts = divide(labelled(100, 50), Split(validation=0.1, test=0.3))
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (90, 15, 45)


def test_the_smallest_class_is_in_every_part() -> None:
    samples = labelled(1000, 3)
    parts = divide(samples, Split())
    assert [int((samples.targets[part] == 1).sum()) for part in (parts.train, parts.validation, parts.test)] == [
        1,
        1,
        1,
    ]


def test_a_class_too_small_to_split_is_named() -> None:
    with pytest.raises(TaskError, match="class 'b' has 2 samples: too few to have some in each of 3 parts"):
        divide(labelled(10, 2), Split())


def test_a_regression_of_two_samples_cannot_be_split() -> None:
    samples = Samples("regression", ArrayInputs(np.zeros((2, 1))), np.zeros((2, 1)))
    with pytest.raises(TaskError, match="there are 2 samples"):
        divide(samples, Split())


def test_given_test_samples_stay_the_test_samples() -> None:
    parts = divide(labelled(10, 10, test=np.array([3, 17])), Split())
    assert list(parts.test) == [3, 17]
    assert len(parts.train) + len(parts.validation) == 18


def test_given_validation_and_test_leave_the_rest_to_train() -> None:
    parts = divide(labelled(4, 4, validation=np.array([0, 4]), test=np.array([1, 5])), Split())
    assert list(parts.train) == [2, 3, 6, 7]


@pytest.mark.parametrize("split", [Split(validation=0.0), Split(test=1.0), Split(test=-0.1), Split(test=float("nan"))])
def test_a_share_outside_0_to_1_is_refused(split: Split) -> None:
    with pytest.raises(TaskError, match="needs a share above 0 and below 1"):
        divide(labelled(10, 10), split)


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(TaskError, match=r"validation 0.5 \+ test 0.5 leave nothing"):
        divide(labelled(10, 10), Split(0.5, 0.5))
