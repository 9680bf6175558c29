"""A whole search, from process start to the best network on disk, against the loop that people write today.

    python -m benchmarks.search [--trials 64] [--epochs 27] [--seeds 5]

digits, the same space, the same numbers of trials and epochs, the same rungs (2, 6, 18), the same split sizes; run in
alternation. `optuna` is one process with torch's default threads; `optuna × 2` are two processes with one thread each
on one study, the usual way to use two cores. The accuracies are each side's own best on validation.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna

from benchmarks.machine import describe_machine
from nas.study import Study
from search_spaces.candidate import Named
from workers.datasets.dataset import load
from workers.messages import TaskSpec

STUDY = Path(__file__).with_name("search.yaml")
Timed = tuple[float, float]
"""Seconds from process start to the best network, and its validation accuracy."""


def ours(folder: str, seed: int, trials: int, epochs: int) -> Timed:
    """Run `nas run` as a user would, without the final retraining, which the loop does not have either."""
    command = [sys.executable, "-m", "nas", "run", str(STUDY), "--json", "--storage", f"sqlite:///{folder}/nas.db"]
    settings = {"seed": seed, "budget.trials": trials, "budget.epochs": epochs, "artifacts.folder": folder}
    command += [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        begun = time.perf_counter() - start
        last = (process.stdout.read().splitlines() or [first])[-1]
    seconds = time.perf_counter() - start
    assert process.returncode == 0
    ended = json.loads(last)
    parts = " ".join(f"{part} {spent:.2f}" for part, spent in ended["time"].items())
    print(f"        start-up {begun:.2f} s, then {ended['seconds']:.2f} s: {parts}, beside {_training(folder)}")
    return seconds, ended["best"]["values"]["accuracy"]


def _training(folder: str) -> str:
    """Return what the workers of a search have trained, from its record; a step takes three times the forward pass."""
    study = Study("search", f"sqlite:///{folder}/nas.db")
    trials, (train, validation, _) = study.trials, study.record.task.samples
    passes = 3 * train + validation
    seconds = sum(trial.seconds for trial in trials)
    operations = sum(trial.flops * trial.epochs for trial in trials)
    return f"{seconds:.2f} s of training at {operations * passes / seconds / 1e9:.0f} GFLOP/s a worker"


def write_samples(folder: str) -> None:
    """Write the samples that `nas run` learns from and is measured on, for the loop."""
    dataset = load(TaskSpec(Named("digits")))
    folds = {"train": dataset.train, "validation": dataset.validation}
    for name, fold in folds.items():
        np.savez(Path(folder) / f"{name}.npz", inputs=fold.inputs, targets=fold.targets)


def optuna_alone(folder: str, seed: int, trials: int, epochs: int) -> Timed:
    """Run the loop in one process."""
    return _loop([_command(folder, seed, trials, epochs)], dict(os.environ))


def optuna_twice(folder: str, seed: int, trials: int, epochs: int) -> Timed:
    """Run the loop in two processes that share a study, whose tables are made before the clock starts."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(study_name="digits", storage=f"sqlite:///{folder}/optuna.db", direction="maximize")
    halves = (trials - trials // 2, trials // 2)
    commands = [_command(folder, seed, half, epochs, worker) for worker, half in enumerate(halves)]
    return _loop(commands, {**os.environ, "OMP_NUM_THREADS": "1"})


def _command(folder: str, seed: int, trials: int, epochs: int, worker: int = 0) -> list[str]:
    arguments = map(str, (seed, trials, epochs, worker))
    return [sys.executable, "-W", "ignore", "-m", "benchmarks.optuna_loop", folder, *arguments]


def _loop(commands: list[list[str]], environment: dict[str, str]) -> Timed:
    start = time.perf_counter()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for command in commands]
    printed = [process.communicate()[0].split() for process in running]
    assert all(process.returncode == 0 for process in running)
    return time.perf_counter() - start, max(float(words[-1]) for words in printed)


def main() -> None:
    """Print every run, then medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=64, help="trials of a search")
    parser.add_argument("--epochs", type=int, default=27, help="epochs of a trial at most")
    parser.add_argument("--seeds", type=int, default=5, help="seeds, each a run of every side")
    parser.add_argument("--without", action="append", default=[], help="leave a side out, such as optuna")
    options = parser.parse_args()
    sides: dict[str, Callable[[str, int, int, int], Timed]] = {
        "ours": ours,
        "optuna": optuna_alone,
        "optuna × 2": optuna_twice,
    }
    sides = {name: run for name, run in sides.items() if name not in options.without}
    print(describe_machine())
    results: dict[str, list[Timed]] = {name: [] for name in sides}
    for seed in range(options.seeds):
        for name, run in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                write_samples(folder)
                results[name].append(run(folder, seed, options.trials, options.epochs))
            print(f"seed {seed}  {name:10} {results[name][-1][0]:7.1f} s  best accuracy {results[name][-1][1]:.4f}")
    for name, runs in results.items():
        ratios = [other[0] / mine[0] for mine, other in zip(results["ours"], runs, strict=True)]
        print(
            f"{name:10} median {statistics.median(run[0] for run in runs):6.1f} s  "
            f"mean best accuracy {statistics.fmean(run[1] for run in runs):.4f}  "
            f"ours is {statistics.median(ratios):.2f} times as fast"
        )


if __name__ == "__main__":
    main()
