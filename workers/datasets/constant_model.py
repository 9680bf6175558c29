"""Constant model: the score of the same answer for every sample, which any network has to beat."""

import numpy as np
from numpy.typing import NDArray

from workers.messages import TaskInfo
from workers.tasks.protocol import Array

Doubles = NDArray[np.float64]


def constant_scores(info: TaskInfo, seen: Array, unseen: Array) -> tuple[float, ...]:
    """Return the task's metrics, on targets that were not seen, of the best constant answer for those that were.

    That is the most frequent class, with the share of each class as its probability; or the mean of each target.
    """
    scores = _of_classes(info, seen, unseen) if info.kind == "classification" else _of_numbers(info, seen, unseen)
    return tuple(scores[name] for name in info.metrics)


def _of_classes(info: TaskInfo, seen: Array, unseen: Array) -> dict[str, float]:
    shares = np.bincount(seen, minlength=info.outputs) / len(seen)
    occurring = np.bincount(unseen, minlength=info.outputs) / len(unseen)
    answer = int(shares.argmax())
    accuracy = float(occurring[answer])
    classes = int((occurring > 0).sum())
    claimed = classes + (accuracy == 0)  # classes that occur or are answered
    return {
        "loss": float(-(occurring * np.log(np.maximum(shares, np.finfo(np.float32).tiny))).sum()),
        "accuracy": accuracy,
        "balanced_accuracy": (accuracy > 0) / classes,
        "f1": 2 * accuracy / (accuracy + 1) / claimed,
        "auroc": 0.5,
    }


def _of_numbers(info: TaskInfo, seen: Array, unseen: Array) -> dict[str, float]:
    """Score the mean of standardised targets (samples, outputs); errors are in the unit of the targets."""
    actual: Doubles = unseen.astype(np.float64)
    error = seen.mean(axis=0, dtype=np.float64) - actual
    spread = np.square(actual - actual.mean(axis=0)).sum(axis=0)
    missed = np.square(error).sum(axis=0)
    r2 = np.where(spread > 0, 1 - missed / np.where(spread > 0, spread, 1), np.where(missed == 0, 1.0, 0.0))
    far = np.abs(error)
    loss = {"mse": np.square(error), "mae": far, "huber": np.where(far < 1, far**2 / 2, far - 0.5)}[info.loss]
    scaled = error * np.asarray(info.target_scale) if info.target_scale else error
    return {
        "loss": float(loss.mean()),
        "mse": float(np.square(scaled).mean()),
        "mae": float(np.abs(scaled).mean()),
        "r2": float(r2.mean()),
    }
