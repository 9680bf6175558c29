"""Metrics: what is measured on held-back samples, computed where the tensors are."""

from typing import TYPE_CHECKING

from workers.losses import make_loss
from workers.messages import TaskInfo

if TYPE_CHECKING:
    from torch import Tensor


def measure(info: TaskInfo, outputs: "Tensor", targets: "Tensor") -> dict[str, float]:
    """Return every metric of the task; `loss` is its loss without label smoothing.

    The errors of a regression are in the unit of its targets, its loss is of standardised targets.
    """
    import torch

    loss = make_loss(info.loss)(outputs, targets)
    rest = _of_classes(outputs, targets) if info.kind == "classification" else _of_numbers(info, outputs, targets)
    measured = torch.stack([loss.double(), *rest]).tolist()  # the one synchronisation with the device
    return dict(zip(info.metrics, measured, strict=True))


def _of_classes(outputs: "Tensor", targets: "Tensor") -> list["Tensor"]:
    """Return accuracy, balanced accuracy, macro F1 and area under the ROC curve."""
    import torch

    count = outputs.shape[1]
    predicted = outputs.argmax(dim=1)
    confusion = torch.bincount(targets * count + predicted, minlength=count * count).view(count, count).double()
    right, actual, claimed = confusion.diagonal(), confusion.sum(dim=1), confusion.sum(dim=0)
    accuracy = right.sum() / actual.sum()
    recall = _mean_where(right / actual, actual > 0)
    f1 = _mean_where(2 * right / (actual + claimed), actual + claimed > 0)
    return [accuracy, recall, f1, _auroc(outputs, targets, actual)]


def _auroc(outputs: "Tensor", targets: "Tensor", actual: "Tensor") -> "Tensor":
    """Return the area under the ROC curve, one class against the rest, averaged over the classes that occur.

    By the rank-sum identity (Mann and Whitney 1947); tied scores share their mean rank.
    """
    import torch

    scores, order = outputs.double().softmax(dim=1).T.sort(dim=1)  # (classes, samples); equal rows stay equal
    is_class = targets[order] == torch.arange(len(scores), device=targets.device)[:, None]
    others = len(targets) - actual
    areas = ((_ranks(scores) * is_class).sum(dim=1) - actual * (actual + 1) / 2) / (actual * others)
    return _mean_where(areas, (actual > 0) & (others > 0))


def _ranks(ordered: "Tensor") -> "Tensor":
    """Return the ranks, from 1, of scores that are in order along dim 1; equal ones have their mean rank."""
    import torch

    count = ordered.shape[1]
    places = torch.arange(count, device=ordered.device)
    rises = torch.nn.functional.pad(ordered.diff(dim=1) > 0, (1, 1), value=True)  # before each place, and at the end
    first = torch.where(rises[:, :-1], places, 0).cummax(dim=1).values
    last = torch.where(rises[:, 1:], places, count).flip(1).cummin(dim=1).values.flip(1)
    return (first + last).double() / 2 + 1


def _of_numbers(info: TaskInfo, outputs: "Tensor", targets: "Tensor") -> list["Tensor"]:
    """Return mean squared error, mean absolute error and the mean R² of the outputs."""
    import torch

    actual = targets.double()
    error = outputs.double() - actual  # (samples, outputs)
    unexplained = error.square().sum(dim=0)
    total = (actual - actual.mean(dim=0)).square().sum(dim=0)
    constant = torch.where(unexplained == 0, 1.0, 0.0)  # a target that never varies: right or not
    r2 = torch.where(total > 0, 1 - unexplained / total, constant).mean()
    if info.target_scale:
        error = error * torch.tensor(info.target_scale, dtype=error.dtype, device=error.device)
    return [error.square().mean(), error.abs().mean(), r2]


def _mean_where(values: "Tensor", where: "Tensor") -> "Tensor":
    return values.where(where, 0.0).sum() / where.sum()
