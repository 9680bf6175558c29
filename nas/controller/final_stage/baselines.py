"""Baselines on the test samples: the most frequent class or the mean, and a linear model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nas.controller.final_stage.jobs import Training
from nas.objectives import error_of
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from workers.messages import Outcome, Stage, TaskInfo

LINEAR = "linear"
"""What the linear model is called in a study's result; the constant one is `majority` or `mean`."""

BATCH, STEPS, EPOCHS = 128, 1500, 200
"""Samples of a batch, steps and epochs of a training at most: on the handed data sets more bring nothing."""
OPERATIONS = 1e10
"""Operations of one training at most, some two seconds on one core; larger tasks are trained for fewer epochs."""
LIMIT = 20.0
"""Seconds after which a training of the linear model is ended, wherever it stands."""
RECIPES = ((3e-3, 0.3), (5e-3, 0.0), (3e-2, 0.0))
"""Learning rates and weight decays that are tried on the validation samples; the best is trained anew with them."""

_SPEED = 5e9
"""Operations a second that a worker is expected to do at least."""
_OVERHEAD = 0.3
"""Seconds of two jobs, whatever is trained in them."""


def constant(task: TaskInfo) -> dict[str, Mapping[str, float]]:
    """Return what always answering the most frequent class, or the mean, scores on the test samples."""
    if not task.baseline:
        return {}  # of a record that is older than baselines
    name = "majority" if task.kind == "classification" else "mean"
    return {name: dict(zip(task.metrics, task.baseline, strict=True))}


def seconds_of(task: TaskInfo, epoch_samples: int) -> float:
    """Estimate the seconds that the linear model takes on one worker, all its trainings one after another."""
    one = epochs_of(task, epoch_samples) * _operations(task, epoch_samples) / _SPEED
    return _OVERHEAD + min((len(RECIPES) + 1) * one, 2 * LIMIT)


def epochs_of(task: TaskInfo, epoch_samples: int) -> int:
    """Return how many epochs a training of the linear model takes: enough steps, unless they are very dear."""
    steps = math.ceil(_seen(task, epoch_samples) / BATCH)  # of an epoch
    return max(1, min(EPOCHS, math.ceil(STEPS / steps), int(OPERATIONS / _operations(task, epoch_samples))))


def _operations(task: TaskInfo, epoch_samples: int) -> float:
    """Count the operations of an epoch: a multiply-add forward, and two backward, for each weight and sample."""
    return 6.0 * math.prod(task.inputs) * task.outputs * _seen(task, epoch_samples)


def _seen(task: TaskInfo, epoch_samples: int) -> int:
    """Return the training samples of an epoch, about: a pass over more than so many is several; 0 is every one."""
    samples = max(task.samples[0], 1)
    return min(samples, epoch_samples) if epoch_samples else samples


@dataclass(slots=True)
class Linear:
    """Logistic or linear regression, trained as any other network: a few recipes on train, the best on all but test."""

    task: TaskInfo
    metric: str
    """Chooses the recipe."""
    epoch_samples: int
    seed: int
    metrics: Mapping[str, float] | None = None
    """What it scored on the test samples, once that is known."""
    _tried: dict[Recipe, Mapping[str, float]] = field(default_factory=dict)
    _waited_for: int = 0

    def begin(self) -> list[Training]:
        """Return the trainings that choose a recipe; none where the score is known."""
        if self.metrics is not None:
            return []
        self._waited_for = len(RECIPES)
        return [self._training(_recipe(lr, decay), "search") for lr, decay in RECIPES]

    def take(self, training: Training, outcome: Outcome | None) -> Sequence[Training]:
        """Take a training that has ended; once all recipes were tried, return the training with the best."""
        complete = outcome is not None and outcome.state == "COMPLETE"
        if training.stage == "final":
            if outcome is not None and complete:
                self.metrics = dict(outcome.metrics)
            return []
        self._waited_for -= 1
        if outcome is not None and complete:
            self._tried[training.candidate.recipe] = outcome.metrics
        if self._waited_for or not self._tried:
            return []
        best = min(self._tried, key=lambda recipe: self._error(self._tried[recipe]))
        return [self._training(best, "final")]

    def _error(self, metrics: Mapping[str, float]) -> float:
        error = error_of(self.metric, metrics.get(self.metric, math.nan))
        return math.inf if math.isnan(error) else error

    def _training(self, recipe: Recipe, stage: Stage) -> Training:
        candidate = Candidate(Architecture("linear"), recipe, self.seed)
        return Training("baseline", -1, candidate, epochs_of(self.task, self.epoch_samples), stage, limit=LIMIT)


def _recipe(lr: float, decay: float) -> Recipe:
    return Recipe(Named("adamw", Settings(lr=lr)), Named("cosine"), BATCH, weight_decay=decay)
