"""What an exported network answers: in the type of the labels, in the shape of the targets, for samples of any form."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest

from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from workers import exporters
from workers.datasets import dataset
from workers.messages import Assignment, Job, Outcome, Split, TaskSpec
from workers.worker import Worker

Exported = Callable[..., ModuleType]
GENERATOR = np.random.default_rng(0)
ROWS = 90
POINTS = GENERATOR.normal(size=(ROWS, 3)).astype(np.float32)
SIGNS = (POINTS[:, 0] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Train on a task for a few epochs, export it as source with its companion, and import one of the two."""
    known: dict[TaskSpec, Path] = {}

    def module(task: TaskSpec, name: str = "network") -> ModuleType:
        if task not in known:
            known[task] = _export(task, tmp_path_factory.mktemp("exported"))
        spec = importlib.util.spec_from_file_location(name, known[task] / f"{name}.py")
        assert spec
        assert spec.loader
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found

    return module


def _export(task: TaskSpec, folder: Path) -> Path:
    candidate = Candidate(
        Architecture("mlp", Settings(depth=1, width=16)),
        Recipe(Named("adamw", Settings(lr=0.02)), batch_size=16),
        seed=5,
    )
    job = Job(0, "study", task, (Assignment(0, candidate),), epochs=20, seed=0, folder=str(folder / "weights"))
    outcome = [event for events in Worker().train(job) for event in events][-1]
    assert isinstance(outcome, Outcome)
    assert outcome.checkpoint
    for format in ("source", "onnx"):
        exporters.export(format, outcome.checkpoint, candidate, task, folder)
    return folder


def arrays(folder: Path, **given: Any) -> TaskSpec:
    path = folder / "data.npz"
    np.savez(path, **given)
    return TaskSpec(Named("npz", Settings(path=str(path))))


def table(folder: Path, text: str, **settings: Any) -> TaskSpec:
    path = folder / "data.csv"
    path.write_text(text)
    return TaskSpec(Named("csv", Settings(path=str(path), target="y", **settings)), Split(seed=1))


LABELS: dict[str, Any] = {
    "integers": SIGNS * 7 - 3,
    "small integers": SIGNS.astype(np.uint8),
    "truth values": SIGNS.astype(bool),
    "text": np.array(["no", "yes"])[SIGNS],
    "bytes": np.array([b"no", "\u00fc".encode()])[SIGNS],
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_in_the_type_they_came_in(exported: Exported, tmp_path: Path, kind: str) -> None:
    y = LABELS[kind]
    network = exported(arrays(tmp_path, x=POINTS, y=y))
    predicted = network.predict(network.load(), POINTS)
    assert predicted.dtype.kind == ("i" if y.dtype.kind == "u" else y.dtype.kind)
    assert np.mean(predicted == y) > 0.8


def test_classes_that_have_names_are_predicted_as_the_target_has_them(exported: Exported, tmp_path: Path) -> None:
    network = exported(arrays(tmp_path, x=POINTS, y=SIGNS, classes=np.array(["left", "right"])))
    assert np.mean(network.predict(network.load(), POINTS) == SIGNS) > 0.8
    assert network.NAMES == ["left", "right"]
    np.save(tmp_path / "samples.npy", POINTS[:5])
    done = subprocess.run(
        [sys.executable, "-I", str(network.__file__), "samples.npy"], capture_output=True, text=True, cwd=tmp_path
    )
    assert set(done.stdout.split()) <= {"left", "right"}


@pytest.mark.parametrize("written", ["0 1", "true false", "0.5 1.5", "no yes"])
def test_labels_of_a_table_are_those_of_a_data_frame(exported: Exported, tmp_path: Path, written: str) -> None:
    names = written.split()
    rows = [f"{point[0]},{point[1]},{names[sign]}" for point, sign in zip(POINTS, SIGNS, strict=True)]
    task = table(tmp_path, "\n".join(["a,b,y", *rows]), kind="classification")
    network, frame = exported(task), pandas.read_csv(tmp_path / "data.csv")
    assert np.mean(network.predict(network.load(), frame) == frame["y"]) > 0.8


@pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 1), (ROWS, 2)])
def test_numbers_come_back_in_the_shape_of_the_targets(
    exported: Exported, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    y = np.repeat(POINTS[:, :1] * 50 + 1000, shape[1] if len(shape) > 1 else 1, axis=1).reshape(shape)
    network = exported(arrays(tmp_path, x=POINTS, y=y))
    predicted = network.predict(network.load(), POINTS)
    assert predicted.shape == shape
    assert np.abs(predicted - y).mean() < y.std()


def test_probabilities_stand_beside_the_labels(exported: Exported, tmp_path: Path) -> None:
    network = exported(arrays(tmp_path, x=POINTS, y=SIGNS))
    model = network.load()
    probabilities = network.predict_proba(model, POINTS)
    assert probabilities.shape == (ROWS, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    assert (np.array(network.CLASSES)[probabilities.argmax(axis=1)] == network.predict(model, POINTS)).all()


def test_the_command_prints_labels_or_probabilities(exported: Exported, tmp_path: Path) -> None:
    network = exported(arrays(tmp_path, x=POINTS, y=LABELS["text"]))
    np.save(tmp_path / "samples.npy", POINTS)

    def lines(*arguments: str) -> list[str]:
        command = [sys.executable, "-I", str(network.__file__), *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout.splitlines()

    assert lines("samples.npy") == network.predict(network.load(), POINTS).tolist()
    assert lines("data.npz") == lines("samples.npy")
    first, *rows = lines("samples.npy", "--proba")
    assert first == "no,yes"
    assert [sum(map(float, row.split(","))) for row in rows] == pytest.approx([1.0] * ROWS, abs=1e-5)


def test_an_array_may_be_lists_a_frame_or_one_sample(exported: Exported, tmp_path: Path) -> None:
    network = exported(arrays(tmp_path, x=POINTS, y=SIGNS))
    model, frame = network.load(), pandas.DataFrame(POINTS, columns=list("abc"))
    expected = network.predict(model, POINTS)
    for samples in (POINTS.tolist(), frame, pyarrow.Table.from_pandas(frame)):
        assert (network.predict(model, samples) == expected).all()
    assert network.predict(model, POINTS[4]).tolist() == expected[4:5].tolist()


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (POINTS[:, :2], r"shape n×3 .* got 90×2"),
        (POINTS[:0], "n of at least 1"),
        (np.array([["a", "b", "c"]]), "samples hold numbers"),
        ([[0.0, 1.0, 2.0], [0.0, float("nan"), 2.0]], "sample 1, counted from 0, holds NaN"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(exported: Exported, tmp_path: Path, samples: Any, told: str) -> None:
    network = exported(arrays(tmp_path, x=POINTS, y=SIGNS))
    with pytest.raises((TypeError, ValueError), match=told):
        network.predict(network.load(), samples)


def test_samples_that_were_divided_already_are_doubted(exported: Exported, tmp_path: Path) -> None:
    bright = (np.abs(POINTS) * 80).clip(0, 255).astype(np.uint8)
    network = exported(arrays(tmp_path, x=bright, y=SIGNS))
    with pytest.warns(UserWarning, match="divided already"):
        network.predict(network.load(), bright / 255)


MIXED = [
    ",".join([f"{point[0]:.3f}", f"{row % 4 or ''}", ["false", "true"][row % 3 > 0], garage, ["no", "yes"][sign]])
    for row, (point, sign, garage) in enumerate(zip(POINTS, SIGNS, ["some", "None", "large"] * 30, strict=True))
]
"""A number, whole numbers with gaps, truth values, the text None that data frames take for a gap, and the target."""


@pytest.fixture
def mixed(exported: Exported, tmp_path: Path) -> ModuleType:
    text = "\n".join(["number,whole,truth,garage,y", *MIXED])
    return exported(table(tmp_path, text, categorical="whole"))


def test_a_file_and_a_data_frame_get_the_same_answers(mixed: ModuleType, tmp_path: Path) -> None:
    model, path = mixed.load(), tmp_path / "data.csv"
    frame = pandas.read_csv(path)
    assert frame["whole"].dtype == float  # whole numbers beside gaps
    expected = mixed.run(model, mixed.read_file(str(path)))
    forms = {
        "pandas": frame,
        "pandas with types of its own": frame.convert_dtypes(),
        "arrow": pyarrow.Table.from_pandas(frame),
        "columns": {name: frame[name].tolist() for name in frame},
        "rows": frame.to_dict("records"),
        "cells": frame[["number", "whole", "truth", "garage"]].to_numpy().tolist(),
    }
    for form, samples in forms.items():
        assert np.array_equal(mixed.run(model, samples), expected), form
    for row in (frame.iloc[7], frame.iloc[7].to_dict()):
        assert np.array_equal(mixed.prepare(row), mixed.prepare(frame)[7:8])


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ({"number": [1.0], "whole": [1], "truth": [True]}, "lack the columns garage; they have number, whole, truth"),
        ({"number": [1.0, 2.0], "whole": [1], "truth": [True], "garage": ["some"]}, "number 2, whole 1"),
        ({"number": ["far"], "whole": [1], "truth": [True], "garage": ["some"]}, "'number' holds numbers, got 'far'"),
        ([[1.0, 1, True]], "a row has 4 cells, in this order: number, whole, truth, garage"),
        ("data.csv", "got str 'data.csv'"),
        (pandas.DataFrame(columns=["number", "whole", "truth", "garage"]), "at least one"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(mixed: ModuleType, samples: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        mixed.predict(mixed.load(), samples)


def test_a_column_of_unknown_categories_is_doubted(mixed: ModuleType, tmp_path: Path) -> None:
    frame = pandas.read_csv(tmp_path / "data.csv").assign(truth="maybe")
    with pytest.warns(UserWarning, match="'truth': 90 of 90 cells are categories that training did not have.*'maybe'"):
        mixed.predict(mixed.load(), frame)


@pytest.mark.parametrize("kind", ["table", "array", "regression"])
def test_the_companion_and_the_onnx_file_answer_as_the_source(exported: Exported, tmp_path: Path, kind: str) -> None:
    import onnxruntime

    tasks = {
        "table": lambda: table(tmp_path, "\n".join(["number,whole,truth,garage,y", *MIXED]), categorical="whole"),
        "array": lambda: arrays(tmp_path, x=POINTS, y=SIGNS),
        "regression": lambda: arrays(tmp_path, x=POINTS, y=POINTS[:, 0]),
    }
    task = tasks[kind]()
    network, companion = exported(task), exported(task, "prepare")
    samples = pandas.read_csv(tmp_path / "data.csv") if kind == "table" else POINTS
    session = onnxruntime.InferenceSession(str(Path(str(network.__file__)).with_name("network.onnx")))
    assert [axis for value in (*session.get_inputs(), *session.get_outputs()) for axis in value.shape[:1]] == [
        "batch",
        "batch",
    ]
    outputs = session.run(None, {"inputs": companion.prepare(samples)})[0]
    if kind == "regression":
        assert companion.numbers(outputs) == pytest.approx(network.predict(network.load(), samples), abs=1e-5)
    else:
        assert (companion.labels(outputs) == network.predict(network.load(), samples)).all()


def test_dates_and_accounting_are_answered_alike_from_the_file_and_from_a_frame_as_text_and_parsed(
    exported: Exported, tmp_path: Path
) -> None:
    rows = [
        f"{1 + row % 28}.{1 + row % 12}.2024;{f'({row},5)' if sign else row};{sign}" for row, sign in enumerate(SIGNS)
    ]
    task = table(tmp_path, "\n".join(["day;paid;y", *rows]))
    network, companion = exported(task), exported(task, "prepare")
    path = tmp_path / "data.csv"
    frame = pandas.read_csv(path, sep=";")
    paid = [-row - 0.5 if sign else row for row, sign in enumerate(SIGNS)]
    parsed = frame.assign(day=pandas.to_datetime(frame["day"], dayfirst=True), paid=paid)
    read = network.prepare(network.read_file(str(path)))
    assert read.shape == (ROWS, 2)
    for samples in (frame, parsed):
        assert np.array_equal(network.prepare(samples), read)
        assert np.array_equal(companion.prepare(samples), read)


def test_the_companion_needs_numpy_alone(exported: Exported, tmp_path: Path) -> None:
    companion = exported(table(tmp_path, "\n".join(["number,whole,truth,garage,y", *MIXED])), "prepare")
    code = (
        f"import runpy, sys; runpy.run_path({companion.__file__!r}); print({{'torch', 'workers'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_metadata_travel_inside_the_files(exported: Exported, tmp_path: Path) -> None:
    import onnx
    import torch
    from safetensors import safe_open

    task = table(tmp_path, "\n".join(["number,whole,truth,garage,y", *MIXED]))
    folder = Path(str(exported(task).__file__)).parent
    inside = [{item.key: item.value for item in onnx.load(folder / "network.onnx").metadata_props}]
    checkpoint, candidate = _trained(task, tmp_path)
    exporters.export("torch_export", checkpoint, candidate, task, tmp_path / "out")
    exporters.export("safetensors", checkpoint, candidate, task, tmp_path / "out")
    extra = dict.fromkeys(inside[0], "")
    torch.export.load(tmp_path / "out" / "network.pt2", extra_files=extra)
    with safe_open(tmp_path / "out" / "weights.safetensors", "pt") as file:
        inside += [extra, file.metadata()]
    for found in inside:
        assert json.loads(found["classes"]) == ["no", "yes"]
        assert json.loads(found["preprocessing"])["kind"] == "table"
        assert json.loads(found["task"])["kind"] == "classification"
        assert set(json.loads(found["versions"])) == {"nas", "python", "torch", "numpy"}
        assert json.loads(found["measured_on"]) == "validation"
        assert found["prepare.py"] == (folder / "prepare.py").read_text()


def _trained(task: TaskSpec, folder: Path) -> tuple[Any, Candidate]:
    candidate = Candidate(Architecture("mlp", Settings(depth=1, width=16)), Recipe(batch_size=16), seed=5)
    job = Job(0, "study", task, (Assignment(0, candidate),), epochs=1, seed=0, folder=str(folder / "weights"))
    outcome = [event for events in Worker().train(job) for event in events][-1]
    assert isinstance(outcome, Outcome)
    return outcome.checkpoint, candidate


@pytest.mark.parametrize(
    ("x", "layout"),
    [
        (GENERATOR.integers(0, 256, (ROWS, 6, 6), np.uint8), "NHW"),
        (GENERATOR.integers(0, 256, (ROWS, 6, 6, 3), np.uint8), "NHWC"),
        (GENERATOR.normal(size=(ROWS, 3, 6, 6)).astype(np.float32), "NCHW"),
        (GENERATOR.normal(size=(ROWS, 5, 4)), "sequences"),
    ],
)
def test_images_and_sequences_are_prepared_as_in_training(
    exported: Exported, tmp_path: Path, x: Any, layout: str
) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=SIGNS)
    task = TaskSpec(Named("npz", Settings(path=str(path), layout=layout)))
    network, known = exported(task), dataset.load(task)
    rows = {row.tobytes() for row in network.prepare(x)}
    assert {row.tobytes() for row in np.concatenate([known.train.inputs, known.test.inputs])} <= rows
    assert network.prepare(network.read_file(str(path))).shape == (ROWS, *known.info.inputs)
