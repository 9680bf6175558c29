"""What a study file leaves open is filled in from its task; a metric the task lacks is refused with the nearest."""

from dataclasses import replace

import pytest
from scripted import TASK, Bench

from nas.config import Objective, Pruning
from nas.controller.provenance import environment
from nas.study_file.task_defaults import with_task_defaults
from search_spaces.candidate import Named
from search_spaces.errors import SpecError
from search_spaces.expressions import Expression

REGRESSION = replace(TASK, kind="regression", metrics=("loss", "mse", "mae", "r2"), loss="mse")
TWO = (Objective("accuracy", "maximize"), Objective("flops", "minimize"))


def test_a_classification_maximises_accuracy(bench: Bench) -> None:
    found = with_task_defaults(bench.config(objectives=()), TASK)
    assert found.objectives == (Objective("accuracy", "maximize"),)


@pytest.mark.parametrize(("loss", "metric"), [("mse", "mse"), ("mae", "mae"), ("huber", "mse")])
def test_a_regression_minimises_an_error_in_the_unit_of_its_targets(bench: Bench, loss: str, metric: str) -> None:
    task = replace(REGRESSION, loss=loss)
    found = with_task_defaults(bench.config(objectives=(), pruning=Pruning(Named("asha"))), task)
    assert found.objectives == (Objective(metric, "minimize"),)
    assert (found.pruning.metric, found.pruning.direction) == (metric, "minimize")


def test_the_one_objective_is_pruned_on(bench: Bench) -> None:
    found = with_task_defaults(
        bench.config(objectives=(Objective("loss", "minimize"),), pruning=Pruning(Named("asha"))), TASK
    )
    assert (found.pruning.metric, found.pruning.direction) == ("loss", "minimize")


def test_a_named_pruning_metric_has_its_own_direction(bench: Bench) -> None:
    found = with_task_defaults(bench.config(objectives=TWO, pruning=Pruning(Named("asha"), "train_loss")), TASK)
    assert (found.pruning.metric, found.pruning.direction) == ("train_loss", "minimize")


def test_several_objectives_without_a_pruning_metric_are_refused(bench: Bench) -> None:
    with pytest.raises(SpecError, match="accuracy and flops: which metric shall be pruned on"):
        with_task_defaults(bench.config(objectives=TWO, pruning=Pruning(Named("asha"))), TASK)


def test_several_objectives_need_no_pruning_metric_where_nothing_is_pruned(bench: Bench) -> None:
    assert with_task_defaults(bench.config(objectives=TWO, pruning=Pruning(Named("none"))), TASK).objectives == TWO


def test_an_objective_that_the_task_lacks_is_refused_with_the_nearest(bench: Bench) -> None:
    with pytest.raises(SpecError, match=r"no metric 'acuracy' \(did you mean 'accuracy'\?\)"):
        with_task_defaults(bench.config(objectives=(Objective("acuracy", "maximize"),)), TASK)


def test_a_pruning_metric_that_the_task_lacks_is_refused(bench: Bench) -> None:
    with pytest.raises(SpecError, match=r"pruner\.metric: task 'scripted' has no metric 'f1'"):
        with_task_defaults(bench.config(pruning=Pruning(Named("asha"), "f1")), TASK)


def test_a_constraint_on_what_is_not_measured_is_refused(bench: Bench) -> None:
    with pytest.raises(SpecError, match=r"latency.*'latency <= 5'"):
        with_task_defaults(bench.config(constraints=(Expression.parse("latency <= 5"),)), TASK)


@pytest.mark.parametrize(
    "text", ["parameters <= 200k", "memory <= 1M", "accuracy >= 0.5", "seconds <= 5 and flops <= 1M"]
)
def test_a_constraint_on_sizes_and_metrics_is_allowed(bench: Bench, text: str) -> None:
    assert with_task_defaults(bench.config(constraints=(Expression.parse(text),)), TASK).constraints


def test_a_constraint_on_memory_and_a_metric_is_refused(bench: Bench) -> None:
    mixed = Expression.parse("memory <= 1M and loss < 1")
    with pytest.raises(SpecError, match=r"constraints\[0\]: 'memory' is known before training alone"):
        with_task_defaults(bench.config(constraints=(mixed,)), TASK)


def test_every_mistake_is_told_at_once(bench: Bench) -> None:
    wrong = bench.config(objectives=(Objective("auc", "maximize"),), pruning=Pruning(Named("asha"), "f2"))
    with pytest.raises(SpecError) as caught:
        with_task_defaults(wrong, TASK)
    assert len(caught.value.problems) == 2


def test_the_environment_on_record_has_versions_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_TEST_TOKEN", "geheim-1234")
    found = environment()
    assert {"python", "platform", "cores", "revision", "version.torch", "version.optuna"} <= found.keys()
    assert "geheim-1234" not in str(found)
    assert all(isinstance(value, str | int) for value in found.values())
