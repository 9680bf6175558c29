"""Metrics: equal to scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from workers.messages import TaskInfo
from workers.metric_names import METRICS, Kind
from workers.metrics import measure


def info(kind: Kind, outputs: int, **more: object) -> TaskInfo:
    loss = "cross_entropy" if kind == "classification" else "mse"
    return TaskInfo("t", kind, (1,), outputs, (0, 0, 0), METRICS[kind], loss, "", **more)  # type: ignore[arg-type]


def classified(classes: int, *, samples: int = 200, decimals: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(classes)
    targets = generator.integers(0, classes, samples)
    outputs = generator.normal(size=(samples, classes)) + 1.5 * np.eye(classes)[targets]
    return torch.tensor(outputs.round(decimals), dtype=torch.float32), torch.tensor(targets)


@pytest.mark.parametrize("decimals", [6, 0])  # without decimals many scores are tied
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_classification_equals_scikit_learn(classes: int, decimals: int) -> None:
    outputs, targets = classified(classes, decimals=decimals)
    measured = measure(info("classification", classes), outputs, targets)
    predicted, shares = outputs.argmax(1), outputs.double().softmax(1)
    scores = shares[:, 1] if classes == 2 else shares
    assert measured == pytest.approx(
        {
            "loss": reference.log_loss(targets, shares),
            "accuracy": reference.accuracy_score(targets, predicted),
            "balanced_accuracy": reference.balanced_accuracy_score(targets, predicted),
            "f1": reference.f1_score(targets, predicted, average="macro"),
            "auroc": reference.roc_auc_score(targets, scores, multi_class="ovr"),
        }
    )


def test_a_class_that_never_occurs_is_left_out() -> None:
    outputs, targets = classified(3)
    here = targets != 2
    measured = measure(info("classification", 3), outputs[here], targets[here])
    predicted = outputs[here].argmax(1)
    expected = np.mean([(predicted[targets[here] == number] == number).float().mean() for number in (0, 1)])
    assert measured["balanced_accuracy"] == pytest.approx(expected)
    assert np.isfinite(list(measured.values())).all()


def test_saturated_outputs_keep_their_order() -> None:
    outputs = torch.tensor([[0.0, 20.0], [0.0, 25.0], [0.0, 30.0], [0.0, 22.0]])
    measured = measure(info("classification", 2), outputs, torch.tensor([0, 1, 1, 0]))
    assert measured["auroc"] == 1.0


def test_one_class_alone_has_no_auroc() -> None:
    measured = measure(info("classification", 2), torch.randn(5, 2), torch.zeros(5, dtype=torch.int64))
    assert np.isnan(measured["auroc"])


@pytest.mark.parametrize("count", [1, 3])
def test_regression_equals_scikit_learn(count: int) -> None:
    generator = np.random.default_rng(count)
    targets = generator.normal(size=(100, count))
    outputs = targets + generator.normal(size=(100, count)) * 0.5
    measured = measure(info("regression", count), torch.tensor(outputs), torch.tensor(targets))
    assert measured == pytest.approx(
        {
            "loss": reference.mean_squared_error(targets, outputs),
            "mse": reference.mean_squared_error(targets, outputs),
            "mae": reference.mean_absolute_error(targets, outputs),
            "r2": reference.r2_score(targets, outputs),
        }
    )


def test_errors_are_in_the_unit_of_the_targets_and_the_loss_is_not() -> None:
    outputs, targets = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [0.5]])
    measured = measure(info("regression", 1, target_scale=(10.0,)), outputs, targets)
    assert measured == pytest.approx({"loss": 0.625, "mse": 62.5, "mae": 7.5, "r2": 1 - 1.25 / 0.125})


@pytest.mark.parametrize("right", [True, False])
def test_r2_of_a_target_that_never_varies_is_that_of_scikit_learn(right: bool) -> None:
    targets = np.ones((4, 1))
    outputs = targets if right else targets + 1
    measured = measure(info("regression", 1), torch.tensor(outputs), torch.tensor(targets))
    assert measured["r2"] == reference.r2_score(targets, outputs)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_the_metrics_are_those_promised(kind: Kind) -> None:
    targets = torch.tensor([0, 1]) if kind == "classification" else torch.zeros(2, 2)
    assert tuple(measure(info(kind, 2), torch.randn(2, 2), targets)) == METRICS[kind]


def test_nan_outputs_give_a_nan_loss() -> None:
    measured = measure(info("classification", 2), torch.full((3, 2), torch.nan), torch.tensor([0, 1, 1]))
    assert np.isnan(measured["loss"])
