"""Losses: the formulas, the usual one of a kind, and the wrong one."""

import pytest
import torch

from search_spaces.errors import UnknownName
from workers.errors import TaskError
from workers.losses import choose_loss, make_loss
from workers.metric_names import LOSSES

OUTPUTS = torch.tensor([[0.0], [3.0]])
TARGETS = torch.tensor([[0.5], [0.0]])


def test_these_losses_are_known() -> None:
    assert LOSSES == {"classification": ("cross_entropy",), "regression": ("mse", "mae", "huber")}


@pytest.mark.parametrize(("name", "expected"), [("mse", 4.625), ("mae", 1.75), ("huber", (0.125 + 2.5) / 2)])
def test_regression_losses_follow_their_formulas(name: str, expected: float) -> None:
    assert make_loss(name)(OUTPUTS, TARGETS).item() == pytest.approx(expected)


def test_cross_entropy_of_equal_outputs_is_the_logarithm_of_the_classes() -> None:
    loss = make_loss("cross_entropy")(torch.zeros(5, 4), torch.tensor([0, 1, 2, 3, 0]))
    assert loss.item() == pytest.approx(torch.log(torch.tensor(4.0)).item())


def test_label_smoothing_mixes_in_the_other_classes() -> None:
    outputs, targets = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([0])
    wrong = -outputs.log_softmax(1).mean().item()
    right = make_loss("cross_entropy")(outputs, targets).item()
    assert make_loss("cross_entropy", 0.1)(outputs, targets).item() == pytest.approx(0.9 * right + 0.1 * wrong)


def test_the_usual_loss_is_chosen_for_an_empty_name() -> None:
    assert (choose_loss("", "classification"), choose_loss("", "regression")) == ("cross_entropy", "mse")


def test_a_loss_of_the_other_kind_is_refused() -> None:
    with pytest.raises(TaskError, match=r"^loss: 'cross_entropy' is not for regression \(one of: mse, mae, huber\)"):
        choose_loss("cross_entropy", "regression")


def test_an_unknown_loss_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"unknown loss 'hubert'.*'huber'"):
        choose_loss("hubert", "regression")
