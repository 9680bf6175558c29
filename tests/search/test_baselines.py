"""Baselines are honest: the linear model is as good as scikit-learn's, the constant one is what it says."""

import math
from collections import Counter

import numpy as np
import pytest
from scripted import Bench
from sklearn.linear_model import LinearRegression, LogisticRegression

from nas.artifacts.final_result import beaten_by
from nas.config import Budget, Final, StudyConfig
from nas.controller.final_stage.baselines import LIMIT, Linear, constant, epochs_of, seconds_of
from nas.controller.final_stage.jobs import Training
from nas.executors.inline import Inline
from search_spaces.candidate import Named
from workers.datasets import dataset
from workers.messages import Assignment, Job, Outcome, TaskInfo, TaskSpec
from workers.worker import Worker


def trained(worker: Worker, spec: TaskSpec, folder: str) -> Linear:
    """Train the linear baseline of a task as the final stage does."""
    linear = Linear(worker.describe(spec), "accuracy" if worker.describe(spec).classes else "r2", 0, seed=1)
    todo = list(linear.begin())
    while todo:
        training = todo.pop(0)
        todo += linear.take(training, outcome_of(worker, spec, training, folder))
    return linear


def outcome_of(worker: Worker, spec: TaskSpec, training: Training, folder: str) -> Outcome:
    assignments = (Assignment(0, training.candidate),)
    job = Job(0, "s", spec, assignments, training.epochs, training.seed, folder, training.stage, math.inf)
    events = [event for happened in worker.train(job) for event in happened]
    return next(event for event in events if isinstance(event, Outcome))


def reference(spec: TaskSpec) -> float:
    """Return what scikit-learn's linear model scores on the same test samples: accuracy or R²."""
    found = dataset.load(spec)
    folds = (found.train, found.validation)
    inputs = np.concatenate([fold.inputs.reshape(len(fold), -1) for fold in folds])
    targets = np.concatenate([fold.targets for fold in folds])
    model = LogisticRegression(max_iter=500) if found.info.classes else LinearRegression()
    return float(model.fit(inputs, targets).score(found.test.inputs.reshape(len(found.test), -1), found.test.targets))


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "diabetes"])
def test_the_linear_model_is_as_good_as_scikit_learns(name: str, tmp_path: str) -> None:
    spec = TaskSpec(Named(name))
    linear = trained(Worker(), spec, str(tmp_path))
    assert linear.metrics is not None
    expected, samples = reference(spec), linear.task.samples[2]
    error = math.sqrt(max(expected * (1 - expected), 0.01) / samples)
    assert linear.metrics[linear.metric] >= expected - 0.01 - error


def task(samples: int, features: int, outputs: int) -> TaskInfo:
    metrics = ("loss", "accuracy")
    return TaskInfo("t", "classification", (features,), outputs, (samples, 10, 10), metrics, "cross_entropy", "")


def test_a_small_task_is_trained_for_many_epochs_and_a_huge_one_for_one() -> None:
    assert epochs_of(task(60, 4, 2), 0) == 200
    assert epochs_of(task(20_000, 100, 2), 0) == 10
    assert epochs_of(task(10**6, 1000, 100), 0) == 1
    assert epochs_of(task(10**6, 10, 2), 20_000) == 10


@pytest.mark.parametrize("size", [(60, 4, 2), (60_000, 784, 10), (10**7, 3000, 1000)])
def test_the_cost_of_the_linear_model_is_bounded(size: tuple[int, int, int]) -> None:
    assert 0 < seconds_of(task(*size), 20_000) <= 2 * LIMIT + 1


def test_a_recipe_that_diverges_is_not_chosen() -> None:
    linear = Linear(task(60, 4, 2), "accuracy", 0, seed=1)
    begun = linear.begin()
    outcomes = [
        Outcome(0, 1, "COMPLETE", 9, {"accuracy": 0.6}, 0.1),
        Outcome(1, 1, "FAIL", 9, {}, 0.1, "nan"),
        Outcome(2, 1, "COMPLETE", 9, {"accuracy": 0.7}, 0.1),
    ]
    more = [linear.take(training, outcome) for training, outcome in zip(begun, outcomes, strict=True)]
    assert [len(found) for found in more] == [0, 0, 1]
    assert more[2][0].candidate.recipe == begun[2].candidate.recipe
    assert more[2][0].stage == "final"


def test_without_any_recipe_there_is_no_linear_baseline() -> None:
    linear = Linear(task(60, 4, 2), "accuracy", 0, seed=1)
    assert [linear.take(training, None) for training in linear.begin()] == [[], [], []]
    assert linear.metrics is None


def test_a_record_older_than_baselines_has_none() -> None:
    assert constant(task(60, 4, 2)) == {}


def test_a_search_names_what_it_is_no_better_than(bench: Bench) -> None:
    record = bench.run(Inline().start(), small(bench))
    baselines, classes = (
        record.result["baselines"],
        Counter(dataset.load(TaskSpec(Named("wine"))).test.targets.tolist()),
    )
    assert isinstance(baselines, dict)
    majority = baselines["majority"]
    assert isinstance(majority, dict)
    assert majority["accuracy"] == pytest.approx(max(classes.values()) / sum(classes.values()))
    assert set(baselines) == {"majority", "linear"}


def small(bench: Bench) -> StudyConfig:
    return bench.config(task=TaskSpec(Named("wine")), budget=Budget(2, 2), final=Final(seeds=1))


@pytest.mark.parametrize(
    ("metric", "mean", "expected"),
    [
        ("accuracy", 0.9, []),
        ("accuracy", 0.8, ["linear"]),
        ("accuracy", 0.5, ["majority", "linear"]),
        ("loss", 0.1, []),
        ("loss", 0.5, ["linear"]),
    ],
)
def test_a_score_is_held_against_the_baselines_in_its_own_metric(metric: str, mean: float, expected: list[str]) -> None:
    baselines = {"majority": {"accuracy": 0.6, "loss": 0.7}, "linear": {"accuracy": 0.8, "loss": 0.2}}
    result = {"test": {"metric": metric, "mean": mean, "std": 0.0, "seeds": 1}, "baselines": baselines}
    assert beaten_by(result) == expected


def test_without_a_score_nothing_is_beaten() -> None:
    assert beaten_by({}) == []
    assert beaten_by({"test": None, "baselines": {"mean": {"mse": 1.0}}}) == []
