"""Recorded learning curves as search problems: LCBench's surrogate and TaskSet's tables, from plain data files.

Their dimensions are searched under the names of this project that mean the same, or that are as wide; a curve is never
trained, only looked up.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import Params, Settings
from search_spaces.dimensions import Dimension, Float, Int
from search_spaces.space import SearchSpace

Floats = NDArray[np.float64]

LCBENCH: Mapping[str, Dimension] = {
    "batch_size": Int(16, 512, log=True),
    "optimizer.sgd.lr": Float(1e-4, 1e-1, log=True),
    "optimizer.sgd.momentum": Float(0.1, 0.99),
    "weight_decay": Float(1e-5, 1e-1),
    "depth": Int(1, 5),
    "width": Int(64, 1024, log=True),
    "dropout": Float(0.0, 0.95),
}
"""In the order of the surrogate's inputs, after the epoch."""
TASKSET = (
    "optimizer.nadam.lr",
    "optimizer.nadam.beta1",
    "optimizer.nadam.beta2",
    "optimizer.nadam.eps",
    "weight_decay",
    "gradient_clipping",
    "optimizer.nadam.momentum_decay",
    "label_smoothing",
)
"""In the order of the table's columns; beta1 and beta2 stand for one minus themselves, as in the table."""
DIVERGED = 1.0
"""What TaskSet's losses are cut at, and what stands for one that is no number."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One search problem whose curves are known; more is better."""

    name: str
    space: SearchSpace
    epochs: int
    curve: Callable[[Params], Floats]
    best: float
    median: float
    """The best known and the median random result after all epochs."""

    def regret(self, result: float) -> float:
        """Return how far a result is from the best known, as a share of what the median random one is."""
        return max(0.0, (self.best - result) / (self.best - self.median))


def problems(folder: Path) -> list[Problem]:
    """List the problems whose data is below a folder."""
    references = json.loads((folder / "refs.json").read_text("utf-8"))
    instances = json.loads((folder / "lcbench_dev/instances.json").read_text("utf-8"))
    found = [_lcbench(folder / "lcbench_dev", instance, references) for instance in instances]
    return found + [_taskset(path, references) for path in sorted((folder / "taskset_dev").glob("*.npz"))]


def _lcbench(folder: Path, instance: str, references: Mapping[str, Mapping[str, float]]) -> Problem:
    import onnxruntime  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    encoding = json.loads((folder / "encoding.json").read_text("utf-8"))["OpenML_task_id"][instance]
    epochs = np.arange(1, 53)

    def curve(params: Params) -> Floats:
        rows = np.column_stack([epochs, np.tile([float(params[name]) for name in LCBENCH], (len(epochs), 1))])
        codes = np.full((len(epochs), 1), encoding, np.int32)
        answers = session.run(None, {"x_cat": codes, "x_cont": rows.astype(np.float32)})[0]
        return np.asarray(answers)[:, 1] / 100.0  # validation accuracy

    reference = references[f"lcbench/{instance}"]
    space = _space(LCBENCH, "sgd")
    return Problem(f"lcbench/{instance}", space, len(epochs), curve, reference["best"], reference["median"])


def _taskset(path: Path, references: Mapping[str, Mapping[str, float]]) -> Problem:
    with np.load(path) as arrays:
        points, losses = np.log(arrays["hp"].astype(float)), arrays["valid"][:, 1:].astype(float)
    scores = -np.minimum(np.nan_to_num(losses, nan=DIVERGED, posinf=DIVERGED), DIVERGED)
    low, high = points.min(axis=0), points.max(axis=0)
    bounds = {
        name: Float(float(np.exp(a)), float(np.exp(b)), log=True) for name, a, b in zip(TASKSET, low, high, strict=True)
    }

    def curve(params: Params) -> Floats:
        place = np.log([float(params[name]) for name in TASKSET])
        return np.asarray(scores[(((points - place) / (high - low)) ** 2).sum(axis=1).argmin()])

    reference = references[f"taskset/{path.stem}"]
    space = _space(bounds, "nadam")
    return Problem(f"taskset/{path.stem}", space, scores.shape[1], curve, reference["best"], reference["median"])


def _space(dimensions: Mapping[str, Dimension], optimizer: str) -> SearchSpace:
    shape = {name: dimension for name, dimension in dimensions.items() if name in ("depth", "width", "dropout")}
    recipe = {name: dimension for name, dimension in dimensions.items() if name not in shape}
    return SearchSpace("recorded", "mlp", shape, recipe, Settings(optimizer=optimizer))
