"""What a user gets from a data set and a time, beside what an engineer's afternoon gets from the same.

    python -m benchmarks.real [--rows mnist,adult] [--seeds 3] [--without-rivals] [--data ../shared/data/datasets]

Each row writes the data as a user has it, a study of a ready-made space with nothing but `time`, and runs `nas run` as
a command. Its wall time counts from process start to process end. The test score is that of the exported network.py:
its predictions of the test samples, scored here with scikit-learn. Then the rivals train on the same samples; those
that can use time get the row's. `overrun` is wall time beyond the time asked for.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.real_data import READERS, Data
from benchmarks.real_rivals import RIVALS
from nas.study import Study
from nas.trials import TrialState

SHARE, LEAST = 0.05, 3.0
"""The overrun that is allowed: so much of the time, or so many seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One data set, the ready-made space, the seconds, and what at least is promised."""

    space: str
    seconds: int
    least: float | None
    """The score that is promised; None: what `beside` reaches, less `margin`."""
    rivals: tuple[str, ...]
    beside: str = ""
    margin: float = 0.0


ROWS: Mapping[str, Row] = {
    "mnist": Row("cnn", 180, 0.985, ("hand-written CNN",)),
    "clothing": Row("cnn", 180, None, ("hand-written CNN",), "hand-written CNN", 0.01),
    "adult": Row("mlp", 90, 0.856, ("sklearn's MLP", "linear model", "HistGradientBoosting", "Optuna + torch")),
    "wine": Row(
        "mlp", 60, None, ("sklearn's MLP", "linear model", "HistGradientBoosting", "Optuna + torch"), "sklearn's MLP"
    ),
    "vowels": Row("recurrent", 90, 0.97, ("linear model", "hand-written BiGRU")),
    "sms": Row("mlp", 60, 0.984, ("sklearn's MLP", "linear model", "Optuna + torch")),
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What one `nas run` came to."""

    score: float
    wall: float
    trials: int
    diverged: int
    """Trials that ended because their loss was no number."""
    epochs: int
    baselines: Mapping[str, Any]


def ours(row: Row, data: Data, folder: Path, seed: int, changes: Sequence[str]) -> Ran:
    """Run the command as a user would; raise `CalledProcessError` where it does not end well."""
    _write_study(row, data, folder, seed)
    command = [sys.executable, "-P", "-m", "nas", "run", "study.yaml", "--json"]
    command += [part for change in changes for part in ("--set", change)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    begin = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.perf_counter() - begin
    if ended.returncode:
        print(ended.stderr.decode()[-2000:], file=sys.stderr)
        ended.check_returncode()
    study = Study(f"s{seed}", f"sqlite:///{folder}/nas.db")
    trials = [trial for trial in study.trials if trial.epochs or trial.state is TrialState.FAIL]
    diverged = sum(trial.reason == "nan" for trial in trials)
    result = study.record.result
    score = tested(folder / f"runs/s{seed}/best", data)
    epochs = study.config.budget.epochs or max(trial.epochs for trial in trials)
    return Ran(score, wall, len(trials), diverged, epochs, _baselines(result))


def _write_study(row: Row, data: Data, folder: Path, seed: int) -> None:
    """Write what a user would: JSON is YAML."""
    document = {
        "name": f"s{seed}",
        "task": dict(data.task),
        "space": row.space,
        "budget": {"time": f"{row.seconds}s"},
        "seed": seed,
    }
    (folder / "study.yaml").write_text(json.dumps(document), "utf-8")


def tested(folder: Path, data: Data) -> float:
    """Score what the exported network predicts for the test samples."""
    from sklearn.metrics import accuracy_score, mean_squared_error

    spec = importlib.util.spec_from_file_location(f"network_{folder.parent.name}", folder / "network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    predicted = np.asarray(module.predict(module.load(folder / "weights.safetensors"), data.raw_test))
    if data.kind == "regression":
        return float(mean_squared_error(data.answers, predicted.reshape(-1)))
    return float(accuracy_score(data.answers.astype(str), predicted.astype(str)))


def _baselines(result: Mapping[str, Any]) -> Mapping[str, Any]:
    found = result.get("baselines")
    return found if isinstance(found, dict) else {}


def rivals(row: Row, data: Data, seeds: int) -> dict[str, list[float]]:
    """Train each rival once for each seed."""
    return {name: [RIVALS[name](data, row.seconds, seed) for seed in range(seeds)] for name in row.rivals}


def shown(name: str, row: Row, kind: str, runs: Sequence[Ran], beside: Mapping[str, Sequence[float]]) -> str:
    """Describe a row: medians over the seeds."""
    score = statistics.median(run.score for run in runs)
    wall = statistics.median(run.wall for run in runs)
    overrun = max(run.wall for run in runs) - row.seconds
    trials, diverged = sum(run.trials for run in runs), sum(run.diverged for run in runs)
    lines = [
        f"{name}, {row.space}, {row.seconds} s, {'mse' if kind == 'regression' else 'accuracy'} on test samples",
        f"  ours {score:.4f} ({', '.join(f'{run.score:.4f}' for run in runs)}){_held(row, kind, score, beside)}",
        f"  wall {wall:.1f} s, largest overrun {overrun:+.1f} s of {max(SHARE * row.seconds, LEAST):.1f} s allowed: "
        f"{'held' if overrun <= max(SHARE * row.seconds, LEAST) else 'NOT HELD'}",
        f"  NaN {diverged} of {trials} trials ({diverged / max(1, trials):.1%}), "
        f"trials {'/'.join(str(run.trials) for run in runs)}, epochs {'/'.join(str(run.epochs) for run in runs)}",
        *(f"  {rival:20} {statistics.median(scores):.4f}" for rival, scores in beside.items()),
        f"  baselines on record  {json.dumps(runs[0].baselines) if runs[0].baselines else 'none'}",
    ]
    return "\n".join(lines)


def _held(row: Row, kind: str, score: float, beside: Mapping[str, Sequence[float]]) -> str:
    """Return what at least is promised and whether it is held."""
    if row.least is None and row.beside not in beside:
        return ""
    least = row.least if row.least is not None else statistics.median(beside[row.beside])
    held = score <= least + row.margin if kind == "regression" else score >= least - row.margin
    bound = least + row.margin if kind == "regression" else least - row.margin
    return f", at {'most' if kind == 'regression' else 'least'} {bound:.4f}: {'held' if held else 'NOT HELD'}"


def main() -> None:
    """Print a block for each row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default=",".join(ROWS), help=f"with commas between: {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each row, and of each rival")
    parser.add_argument("--without-rivals", action="store_true", help="run ours alone")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/datasets"), help="folder of the data sets")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change our studies")
    options = parser.parse_args()
    names = _known(options.rows.split(","))
    print(describe_machine(), flush=True)
    for name in names:
        row = ROWS[name]
        with tempfile.TemporaryDirectory(prefix="nas-real-") as place:
            try:
                data = READERS[name](options.data, Path(place))
            except FileNotFoundError as error:
                print(f"{name}: skipped, there is no {error.filename} (say --data)")
                continue
            try:
                runs = [ours(row, data, Path(place), seed, options.set) for seed in range(options.seeds)]
            except subprocess.CalledProcessError as error:
                print(f"{name}: NOT HELD, nas run ended with exit code {error.returncode}", flush=True)
                continue
            beside = {} if options.without_rivals else rivals(row, data, options.seeds)
        print(shown(name, row, data.kind, runs, beside), flush=True)


def _known(names: Collection[str]) -> list[str]:
    for name in names:
        if name not in ROWS:
            sys.exit(f"--rows: unknown row {name!r} (one of: {', '.join(ROWS)})")
    return list(names)


if __name__ == "__main__":
    main()
