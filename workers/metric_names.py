"""Metric and loss names: which each kind of task has, and in which direction each is better."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["classification", "regression"]

METRICS: Mapping[Kind, tuple[str, ...]] = {
    "classification": ("loss", "accuracy", "balanced_accuracy", "f1", "auroc"),
    "regression": ("loss", "mse", "mae", "r2"),
}
"""What is measured on the samples of each kind of task; the first is the loss."""

METRIC_DIRECTIONS: Mapping[str, Literal["maximize", "minimize"]] = {
    "loss": "minimize",
    "train_loss": "minimize",
    "accuracy": "maximize",
    "balanced_accuracy": "maximize",
    "f1": "maximize",
    "auroc": "maximize",
    "mse": "minimize",
    "mae": "minimize",
    "r2": "maximize",
}
"""Which way each metric is better."""

LOSSES: Mapping[Kind, tuple[str, ...]] = {
    "classification": ("cross_entropy",),
    "regression": ("mse", "mae", "huber"),
}
"""The losses each kind of task can train on; the first is the usual one."""
