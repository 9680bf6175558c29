"""Fidelity: how many epochs a full training has where the study does not say, fitted to the samples and the time.

An epoch is what is trained between two measurements: a pass over the training samples, or a part of one of a large set.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from nas.config import Budget, StudyConfig
from nas.trials import Trial
from workers.messages import TaskInfo, parts_of_a_pass

STEPS = 3000
"""Optimizer steps of a full training where time allows: networks of the ready-made spaces have converged by then."""
FEWEST, MOST = 4, 100
"""Epochs: fewer leave a pruner no rung to compare at before the end, more measure a small set for nothing."""
TRAININGS = 12
"""Full trainings that a time is to pay for at least: a search of fewer is hardly one."""
SEARCH_SHARE = 0.7
"""Of the time, what the search has: the rest is for start-up, retraining and export."""


def epochs_of_steps(task: TaskInfo, epoch_samples: int, batches: Sequence[int]) -> int:
    """Return the epochs that take about `STEPS` optimizer steps, at the usual one of these batch sizes."""
    batch = statistics.median(batches) if batches else 32
    steps = max(1.0, samples_of_an_epoch(task.samples[0], epoch_samples) / batch)
    return min(MOST, max(FEWEST, math.ceil(STEPS / steps)))


def samples_of_an_epoch(samples: int, epoch_samples: int) -> int:
    """Return how many samples are trained on between two measurements: all, or an equal part of a large set."""
    return math.ceil(samples / parts_of_a_pass(samples, epoch_samples))


def affordable_epochs(epoch_seconds: float, seconds: float, workers: int) -> int:
    """Return the epochs of a full training of which the search's share of a time pays for `TRAININGS`."""
    return math.floor(seconds * SEARCH_SHARE * workers / (TRAININGS * epoch_seconds))


def full_trainings(config: StudyConfig, epoch_seconds: float, workers: int) -> float:
    """Return how many trainings of all epochs the study's time pays for."""
    return config.budget.seconds * SEARCH_SHARE * workers / (config.budget.epochs * epoch_seconds)


def fitted(
    config: StudyConfig, task: TaskInfo, sampled: Sequence[Trial], epoch_seconds: float | None, workers: int
) -> Budget:
    """Return the study's budget with its epochs: those that are given, else what samples and time allow."""
    budget = config.budget
    if budget.epochs:
        return budget
    epochs = epochs_of_steps(task, config.epoch_samples, [trial.candidate.recipe.batch_size for trial in sampled])
    if budget.seconds and epoch_seconds:
        epochs = min(epochs, max(FEWEST, affordable_epochs(epoch_seconds, budget.seconds, workers)))
    if budget.total_epochs:
        epochs = min(epochs, budget.total_epochs)
    return replace(budget, epochs=epochs)
