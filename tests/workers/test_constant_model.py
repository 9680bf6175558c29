"""The constant model scores what the same answer for every sample scores."""

import numpy as np
import pytest
import torch

from workers.datasets.constant_model import constant_scores
from workers.messages import TaskInfo
from workers.metric_names import LOSSES, METRICS, Kind
from workers.metrics import measure


def info(kind: Kind, outputs: int, loss: str, scale: tuple[float, ...] = ()) -> TaskInfo:
    return TaskInfo("t", kind, (3,), outputs, (1, 1, 1), METRICS[kind], loss, "", target_scale=scale)


@pytest.mark.parametrize("unseen", [[0, 1, 2, 2, 1, 0, 0], [1, 1, 1], [2, 2, 0, 2]])
def test_the_most_frequent_class_is_always_answered(unseen: list[int]) -> None:
    task, seen, targets = info("classification", 3, "cross_entropy"), np.array([0, 1, 1, 1, 2, 0]), np.array(unseen)
    outputs = torch.tensor([2 / 6, 3 / 6, 1 / 6]).log().expand(len(unseen), 3)
    expected = measure(task, outputs, torch.from_numpy(targets))
    found = dict(zip(task.metrics, constant_scores(task, seen, targets), strict=True))
    assert {k: v for k, v in found.items() if k != "auroc"} == pytest.approx(
        {k: v for k, v in expected.items() if k != "auroc"}, abs=1e-6
    )
    assert found["auroc"] == 0.5


@pytest.mark.parametrize("loss", LOSSES["regression"])
def test_the_mean_is_always_answered(loss: str) -> None:
    random = np.random.default_rng(0)
    task = info("regression", 2, loss, (3.0, 50.0))
    seen, unseen = (random.normal(size=(size, 2)).astype(np.float32) for size in (40, 15))
    outputs = torch.from_numpy(seen.mean(axis=0)).expand(15, 2)
    expected = measure(task, outputs, torch.from_numpy(unseen))
    found = dict(zip(task.metrics, constant_scores(task, seen, unseen), strict=True))
    assert found == pytest.approx(expected, rel=1e-5)


def test_targets_that_never_vary_are_answered_rightly() -> None:
    task, same = info("regression", 1, "mse", (1.0,)), np.ones((5, 1), np.float32)
    assert dict(zip(task.metrics, constant_scores(task, same, same), strict=True)) == {
        "loss": 0,
        "mse": 0,
        "mae": 0,
        "r2": 1,
    }
