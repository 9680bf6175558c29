"""A whole search for each family and each kind of task ends with a network in plain torch that predicts."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outside import Desk

from search_spaces.families import FAMILIES

STUDY = """\
name: s
task: {task}
space:
{space}
budget: {{trials: 4, epochs: 3}}
final: {{seeds: 1}}
executor: {{process: {{workers: 1}}}}
"""
SPACES = {
    "mlp": "  family: mlp\n  depth: 1..2\n  width: {each: [16, 32]}\n  norm: [none, batch]",
    "cnn": "  family: cnn\n  stages: 1..2\n  channels: {each: [4, 8]}\n  pooling: max",
    "linear": "  family: linear\n  optimizer: {adam: {lr: 0.01..0.03}}",
    "recurrent": "  family: recurrent\n  cell: [gru, lstm]\n  hidden: [8, 16]\n  optimizer: {adam: {lr: 0.01..0.03}}",
}
SEARCHES = [
    ("mlp", "digits", "accuracy"),
    ("cnn", "digits", "accuracy"),
    ("recurrent", "digits", "accuracy"),
    ("mlp", "diabetes", "mse"),
    ("linear", "diabetes", "mse"),
    ("mlp", "{csv: {path: table.csv, target: price}}", "mse"),
    ("mlp", "{csv: {path: table.csv, target: colour}}", "accuracy"),
    ("cnn", "{npz: {path: images.npz}}", "accuracy"),
    ("recurrent", "{npz: {path: sequences.npz}}", "mse"),
]


def test_the_searches_cover_every_family() -> None:
    assert {family for family, _, _ in SEARCHES} == set(FAMILIES.names()) == SPACES.keys()
    assert len(SEARCHES) == 9


@pytest.mark.parametrize(("family", "task", "metric"), SEARCHES)
def test_a_whole_search_ends_with_a_network_that_predicts(desk: Desk, family: str, task: str, metric: str) -> None:
    samples = _samples_of(task, desk.folder)
    run = desk.nas("run", desk.write(STUDY.format(task=task, space=SPACES[family])), "--storage", desk.url, "--json")
    assert run.end() == 0, run.stderr
    assert all(trial.state.finished for trial in desk.trials())
    assert sum(trial.trained for trial in desk.trials()) == 4
    finished = run.events[-1]
    assert finished["event"] == "study.finished"
    assert finished["test"]["metric"] == metric
    assert np.isfinite(finished["test"]["mean"])
    source = next(path for path in finished["artifacts"] if path.endswith(".py"))
    predictions = _predict(source, samples)
    assert len(predictions) == 12
    if metric == "accuracy":
        assert len(set(predictions)) > 1
    else:
        assert np.isfinite([float(part) for line in predictions for part in line.strip("[]").split()]).all()


def _predict(source: str, samples: Path) -> list[str]:
    """Run the exported file alone: no package of ours is on its path."""
    command = [sys.executable, "-I", source, str(samples)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=samples.parent, env={"PATH": "/usr/bin:/bin"})
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def _samples_of(task: str, folder: Path) -> Path:
    """Write the user's own files, and return a file with twelve samples to predict."""
    generator = np.random.default_rng(0)
    if "csv" in task:
        return _tables(folder, generator)
    shapes = {"digits": (12, 8, 8), "diabetes": (12, 10), "images": (12, 10, 10), "sequences": (12, 6, 3)}
    shape = next(shape for name, shape in shapes.items() if name in task)
    kinds = np.arange(120) % 3
    images = (generator.random((120, 10, 10)) * 99 + 60 * kinds[:, None, None]).astype(np.uint8)
    np.savez(folder / "images.npz", x=images, y=kinds)
    sequences = generator.normal(size=(120, 6, 3)).astype(np.float32)
    np.savez(folder / "sequences.npz", x=sequences, y=sequences.sum(axis=(1, 2)))
    drawn: dict[str, Any] = {"images": images[:12], "sequences": sequences[:12]}
    samples = next((array for name, array in drawn.items() if name in task), generator.random(shape) * 16)
    np.save(folder / "samples.npy", samples)
    return folder / "samples.npy"


def _tables(folder: Path, generator: np.random.Generator) -> Path:
    """Write a table with numbers, categories and missing cells."""
    header, rows = "size,shape,age,colour,price", []
    for number in range(150):
        size, shape = generator.uniform(1, 9), ("round", "square")[number % 2]
        age = "" if number % 11 == 0 else f"{generator.uniform(0, 40):.1f}"
        colour = "red" if size + 2 * (number % 2) > 6 else "blue"
        rows.append(f"{size:.2f},{shape},{age},{colour},{10 * size + generator.normal():.2f}")
    (folder / "table.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "samples.csv").write_text("\n".join([header, *rows[:12]]) + "\n")
    return folder / "samples.csv"
