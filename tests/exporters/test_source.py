"""The standalone source: read from raw samples, alone in a folder, without anything of ours."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search_spaces.candidate import Candidate
from search_spaces.families import FAMILIES
from workers import exporters
from workers.datasets import dataset
from workers.exporters._listing import listing
from workers.exporters._trained import restore
from workers.messages import Checkpoint, TaskSpec
from workers.tasks.protocol import Array, ArrayInputs

Train = Callable[..., tuple[Checkpoint, Candidate, TaskSpec]]
OURS = {"nas", "workers", "search_spaces"}


def run(source: str, *arguments: str, folder: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-I", source, *arguments], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("family", FAMILIES.names())
def test_it_imports_nothing_of_ours(train: Train, family: str) -> None:
    tree = ast.parse(listing(restore(*train(family))))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names & OURS == set()
    standard = {
        "__future__",
        "bz2",
        "collections",
        "csv",
        "datetime",
        "gzip",
        "io",
        "lzma",
        "math",
        "pathlib",
        "sys",
        "re",
        "typing",
        "warnings",
        "zlib",
    }
    assert names <= standard | {"numpy", "safetensors", "torch"}


def values(task: TaskSpec) -> Array:
    """Read the inputs of a task that has an array of them."""
    inputs = dataset.read(task).inputs
    assert isinstance(inputs, ArrayInputs)
    return inputs.values


def test_it_predicts_classes_of_raw_images(train: Train, tmp_path: Path) -> None:
    exported = exporters.export("source", *train("cnn"), tmp_path)
    images = values(train("cnn")[2])[:7]
    np.save(tmp_path / "images.npy", images)
    predicted = run(exported.paths[0], "images.npy", folder=tmp_path)
    assert len(predicted) == 7
    assert set(predicted) <= set("0123456789")


def test_it_predicts_numbers_in_the_unit_of_the_targets(train: Train, tmp_path: Path) -> None:
    checkpoint, candidate, task = train("mlp", "diabetes")
    exported = exporters.export("source", checkpoint, candidate, task, tmp_path)
    samples = dataset.read(task)
    np.save(tmp_path / "patients.npy", values(task))
    predicted = [float(line.strip("[]")) for line in run(exported.paths[0], "patients.npy", folder=tmp_path)]
    assert abs(np.mean(predicted) - samples.targets.mean()) < samples.targets.std()


def test_it_predicts_a_table_with_missing_and_unknown_cells(train: Train, tmp_path: Path) -> None:
    exported = exporters.export("source", *train("mlp", "csv"), tmp_path)
    (tmp_path / "new.csv").write_text("letter;number\nu;3\n?;NA\nzebra;1e3\n")
    predicted = run(exported.paths[0], "new.csv", folder=tmp_path)
    assert len(predicted) == 3
    assert set(predicted) <= {"yes", "no"}


def test_it_may_be_moved_with_its_weights(train: Train, tmp_path: Path) -> None:
    exported = exporters.export("source", *train(), tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    np.save(tmp_path / "images.npy", np.zeros((2, 8, 8)))
    path = tmp_path / "there" / Path(exported.paths[0]).name
    assert len(run(str(path), str(tmp_path / "images.npy"), folder=tmp_path)) == 2


def test_without_samples_it_says_how_to_use_it(train: Train, tmp_path: Path) -> None:
    exported = exporters.export("source", *train(), tmp_path)
    done = subprocess.run([sys.executable, "-I", exported.paths[0]], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("usage: python ")
