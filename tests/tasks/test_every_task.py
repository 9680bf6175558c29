"""The suite over the menu of tasks: each is read, split, prepared and hashed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search_spaces.candidate import Named, Settings, Value
from search_spaces.errors import UnknownName
from search_spaces.hyperparameters import hyperparameters
from workers.datasets.dataset import Dataset, blaming, load, read
from workers.datasets.preprocessing import Preprocessing, fit
from workers.datasets.splits import divide
from workers.errors import TaskError
from workers.messages import Split, TaskSpec
from workers.metric_names import LOSSES, METRIC_DIRECTIONS, METRICS
from workers.tasks import TASKS
from workers.tasks.protocol import Array, ArrayInputs, Samples

FACTS = {  # samples, shape, outputs
    "digits": (1797, (1, 8, 8), 10),
    "breast_cancer": (569, (30,), 2),
    "wine": (178, (13,), 3),
    "diabetes": (442, (10,), 1),
    "csv": (60, (4,), 2),
    "npz": (50, (2,), 2),
}


@pytest.fixture(params=TASKS.names())
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> TaskSpec:
    settings: dict[str, Value] = {}
    if request.param == "csv":
        lines = [f"{row},{'uvw'[row % 3]},{'no' if row % 4 else 'yes'}" for row in range(60)]
        (tmp_path / "table.csv").write_text("\n".join(["number,letter,target", *lines]) + "\n")
        settings = {"path": str(tmp_path / "table.csv"), "target": "target", "max_categories": 2}
    if request.param == "npz":
        x = np.random.default_rng(0).normal(size=(50, 2))
        np.savez(tmp_path / "arrays.npz", x=x, y=(x[:, 0] > 0).astype(int))
        settings = {"path": str(tmp_path / "arrays.npz")}
    return TaskSpec(Named(request.param, Settings(settings)))


def everything(dataset: Dataset) -> list[bytes]:
    folds = (dataset.train, dataset.validation, dataset.test)
    return [array.tobytes() for fold in folds for array in (fold.inputs, fold.targets)]


def values(samples: Samples) -> Array:
    """Return the inputs of a task that has an array of them."""
    assert isinstance(samples.inputs, ArrayInputs)
    return samples.inputs.values


def test_the_menu_holds_these_tasks() -> None:
    assert TASKS.names() == ("breast_cancer", "csv", "diabetes", "digits", "npz", "wine")
    assert set(FACTS) == set(TASKS.names())


def test_each_task_is_described_by_its_first_line() -> None:
    assert all(TASKS.describe(name).endswith(".") for name in TASKS.names())


def test_each_setting_of_a_task_has_a_default_that_is_allowed() -> None:
    settings = [item for name in TASKS.names() for item in hyperparameters(TASKS.load(name))]
    assert len(settings) == 20
    assert not [item.mistake(item.default) for item in settings if item.mistake(item.default)]


def test_the_samples_are_as_many_and_of_the_shape_they_are_said_to_be(spec: TaskSpec) -> None:
    info = load(spec).info
    assert (sum(info.samples), info.inputs, info.outputs) == FACTS[spec.task.name]


def test_the_folds_hold_what_the_description_says(spec: TaskSpec) -> None:
    dataset = load(spec)
    folds = (dataset.train, dataset.validation, dataset.test)
    assert tuple(len(fold) for fold in folds) == dataset.info.samples
    assert all(fold.inputs.shape == (len(fold), *dataset.info.inputs) for fold in folds)
    assert all(fold.inputs.dtype == np.float32 and np.isfinite(fold.inputs).all() for fold in folds)


def test_targets_are_class_numbers_or_columns_of_numbers(spec: TaskSpec) -> None:
    dataset = load(spec)
    if dataset.info.kind == "classification":
        assert dataset.train.targets.dtype == np.int64
        assert set(dataset.train.targets) == set(range(dataset.info.outputs))
    else:
        assert dataset.train.targets.dtype == np.float32
        assert dataset.train.targets.shape == (len(dataset.train), dataset.info.outputs)


def test_the_parts_are_disjoint_and_together_everything(spec: TaskSpec) -> None:
    samples = read(spec)
    parts = divide(samples, spec.split)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together) == list(range(len(samples.targets)))


def test_classes_have_the_same_shares_in_each_part(spec: TaskSpec) -> None:
    dataset = load(spec)
    if dataset.info.kind == "regression":
        return
    shares = [np.bincount(fold.targets) / len(fold) for fold in (dataset.train, dataset.validation, dataset.test)]
    assert np.ptp(shares, axis=0).max() < 0.1


def test_the_same_seed_gives_the_same_bytes(spec: TaskSpec) -> None:
    first, second = load(spec), load(spec)
    assert everything(first) == everything(second)
    assert first.info == second.info


def test_another_seed_gives_another_split_and_hash(spec: TaskSpec) -> None:
    other = replace(spec, split=Split(seed=1))
    assert everything(load(spec)) != everything(load(other))
    assert load(spec).info.sha256 != load(other).info.sha256


def test_preprocessing_survives_json(spec: TaskSpec) -> None:
    preprocessing = load(spec).preprocessing
    assert Preprocessing.from_json(preprocessing.to_json()) == preprocessing


def test_metrics_and_loss_are_those_of_the_kind(spec: TaskSpec) -> None:
    info = load(spec).info
    assert info.metrics == METRICS[info.kind]
    assert info.loss == LOSSES[info.kind][0]


def test_every_metric_has_a_direction() -> None:
    assert {name for names in METRICS.values() for name in names} | {"train_loss"} == set(METRIC_DIRECTIONS)


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_nothing_of_the_other_rows_leaks_into_the_scaling(name: str) -> None:
    samples = read(TaskSpec(Named(name)))
    parts = divide(samples, Split())
    before = fit(samples, parts.train)
    hidden = np.concatenate([parts.validation, parts.test])
    values(samples)[hidden] *= 1000
    samples.targets[hidden] = 0
    assert fit(samples, parts.train) == before


def test_training_inputs_are_standardised() -> None:
    train = load(TaskSpec(Named("wine"))).train.inputs
    assert np.allclose(train.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(train.std(axis=0), 1, atol=1e-5)


def test_regression_targets_can_be_brought_back() -> None:
    spec = TaskSpec(Named("diabetes"))
    dataset, samples = load(spec), read(spec)
    preprocessing = dataset.preprocessing
    back = dataset.test.targets * preprocessing.target_scale + preprocessing.target_offset
    assert np.allclose(back, samples.targets[divide(samples, spec.split).test], rtol=1e-5)


def test_digits_are_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    samples = read(TaskSpec(Named("digits")))
    assert np.array_equal(values(samples), load_digits().images)
    assert np.array_equal(samples.targets, load_digits().target)


def test_the_other_bundled_tasks_are_what_scikit_learn_loads() -> None:
    from sklearn import datasets

    expected = {
        "wine": datasets.load_wine(),
        "breast_cancer": datasets.load_breast_cancer(),
        "diabetes": datasets.load_diabetes(scaled=False),
    }
    for name, bunch in expected.items():
        samples = read(TaskSpec(Named(name)))
        assert np.array_equal(values(samples), bunch.data)
        assert np.array_equal(samples.targets.reshape(-1), bunch.target)


def test_loading_a_bundled_task_imports_neither_torch_nor_scikit_learn() -> None:
    import subprocess
    import sys

    source = (
        "import sys; from workers.datasets.dataset import load; from workers.messages import TaskSpec, Named; "
        "load(TaskSpec(Named('digits'))); print({'torch', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("error", [ValueError("no\nidea"), SystemExit("no idea"), AttributeError("no idea")])
def test_whatever_a_task_raises_is_told_with_its_name(error: BaseException) -> None:
    told = rf"^task\.guest: the task 'guest' cannot be used: {type(error).__name__}: no idea$"
    with pytest.raises(TaskError, match=told), blaming("guest"):
        raise error


@pytest.mark.parametrize("error", [TaskError("no such file", "path"), KeyboardInterrupt(), MemoryError()])
def test_what_is_understood_by_itself_blames_no_task(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, blaming("guest"):
        raise error
    assert raised.value is error


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"unknown task 'digit' \(did you mean 'digits'\?\)"):
        load(TaskSpec(Named("digit")))


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(TaskError, match=r"^task\.csv\.pth: unknown .*path"):
        load(TaskSpec(Named("csv", Settings(pth="x"))))


def test_a_setting_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(
        TaskError, match=r"^task\.csv\.kind: unknown option 'regresion' \(did you mean 'regression'\?\)"
    ):
        load(TaskSpec(Named("csv", Settings(kind="regresion"))))
