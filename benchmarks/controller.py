"""Trials per second that one controller can decide, record and show, when training costs nothing.

    python -m benchmarks.controller [--trials 1000] [--grow 10000]

Each trial has 12 hyper-parameters and 20 reports with a pruning decision each, on SQLite, with the dashboard's tables
kept live. In the same run: `study.optimize` with Optuna's own storage on SQLite, the same sampler and pruner kind.
"""

import argparse
import random
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import optuna

from benchmarks.machine import describe_machine
from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.controller.controller import Controller
from nas.controller.prepare import prepare
from nas.controller.run_settings import RunSettings
from nas.events import Happening, TrialFinished
from nas.executors.protocol import Executor
from nas.storage import Storage
from search_spaces.candidate import Named, Settings
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.space import SearchSpace
from workers.messages import EpochMetrics, Event, Job, JobLost, Outcome, Probe, TaskInfo, TaskSpec, Timings

EPOCHS = 20
WIDTHS = 6


class NoOpExecutor:
    """Answers every job at once with a curve of 20 epochs and an outcome."""

    capacity = 2
    cohort = 0

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Describe a task like digits."""
        metrics = ("loss", "accuracy")
        return TaskInfo("no-op", "classification", (64,), 10, (1, 1, 1), metrics, "cross_entropy", "0" * 64)

    def probe(self, probe: Probe) -> Timings:
        """Know nothing."""
        return (None,) * len(probe.candidates)

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._jobs.append(job)

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Finish every job that was submitted."""
        events: list[Event | JobLost] = []
        while self._jobs:
            job = self._jobs.popleft()
            for item in job.assignments:
                final, last = random.Random(item.number).random(), job.epochs
                curve = [{"loss": 1.0 / epoch, "accuracy": final * epoch / last} for epoch in range(1, last + 1)]
                events += [
                    EpochMetrics(item.number, item.attempt, epoch, metrics, 0.001)
                    for epoch, metrics in enumerate(curve, 1)
                ]
                events.append(Outcome(item.number, item.attempt, "COMPLETE", last, curve[-1], 0.02))
        return events

    def stop(self, numbers: Collection[int]) -> None:
        """Finish anyway: every trial shall have its 20 reports."""

    def end(self, numbers: Collection[int]) -> None:
        """Finish anyway."""

    def close(self) -> None:
        """Have nothing to end."""


def space() -> SearchSpace:
    """Twelve dimensions: depth, six widths (each active in its layer), and five of the recipe."""
    from search_spaces.expressions import Expression

    widths = {
        f"width.{i}": Choice((16, 32, 64, 128), when=Expression.parse(f"depth > {i}") if i else None)
        for i in range(WIDTHS)
    }
    return SearchSpace(
        name="benchmark",
        family="mlp",
        architecture={"depth": Int(1, WIDTHS), **widths, "activation": Choice(("relu", "gelu", "tanh"))},
        recipe={
            "optimizer": Choice(("sgd", "adamw")),
            "optimizer.sgd.lr": Float(1e-3, 1.0, log=True, when=Expression.parse('optimizer == "sgd"')),
            "optimizer.adamw.lr": Float(1e-4, 1e-1, log=True, when=Expression.parse('optimizer == "adamw"')),
            "label_smoothing": Float(0.0, 0.2),
        },
        fixed=Settings(),
    )


def ours(
    folder: Path,
    sampler: str,
    trials: int,
    epochs: int = EPOCHS,
    *,
    storage: str = "",
    start: Callable[[Named], Executor] = lambda _: NoOpExecutor(),
) -> list[float]:
    """Run a study of no-op trials and return when each finished, in seconds."""
    config = StudyConfig(
        name=f"{sampler}-{trials}-{epochs}",
        task=TaskSpec(Named("digits")),
        space=space(),
        objectives=(Objective("accuracy", "maximize"),),
        sampler=Named(sampler),
        pruning=Pruning(Named("asha", Settings(first_rung=2)), "accuracy"),
        budget=Budget(trials=trials, epochs=epochs),
        final=Final(seeds=0),
        storage=storage or f"sqlite:///{folder}/{sampler}-{trials}-{epochs}.db",
        artifacts=Artifacts(str(folder), export=()),
    )
    finished: list[float] = []

    def watch(happening: Happening) -> None:
        if isinstance(happening, TrialFinished):
            finished.append(time.perf_counter() - began)

    with Storage.open(config.storage) as opened, ExitStack() as stack:
        began = time.perf_counter()
        Controller(opened, RunSettings(watch), start=start).begin_prepared(prepare(config, stack, start))
    finished[-1] = time.perf_counter() - began  # everything written and projected
    return finished


def optunas(folder: Path, sampler: optuna.samplers.BaseSampler, trials: int) -> list[float]:
    """Do the same with Optuna alone: its own storage, sampler and successive halving."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{folder}/optuna-{type(sampler).__name__}.db"
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=3)
    study = optuna.create_study(storage=storage, sampler=sampler, pruner=pruner, direction="maximize")
    finished: list[float] = []

    def objective(trial: optuna.Trial) -> float:
        suggest(trial)
        final = random.Random(trial.number).random()
        for epoch in range(1, EPOCHS + 1):
            trial.report(final * epoch / EPOCHS, epoch)
            trial.should_prune()
        return final

    start = time.perf_counter()
    study.optimize(objective, n_trials=trials, callbacks=[lambda *_: finished.append(time.perf_counter() - start)])
    return finished


def suggest(trial: optuna.Trial) -> None:
    """Sample the same space as `space`, as one writes it for Optuna."""
    for i in range(trial.suggest_int("depth", 1, WIDTHS)):
        trial.suggest_categorical(f"width.{i}", (16, 32, 64, 128))
    trial.suggest_categorical("activation", ("relu", "gelu", "tanh"))
    kind = trial.suggest_categorical("optimizer", ("sgd", "adamw"))
    low, high = (1e-3, 1.0) if kind == "sgd" else (1e-4, 1e-1)
    trial.suggest_float(f"{kind}.lr", low, high, log=True)
    trial.suggest_float("label_smoothing", 0.0, 0.2)


def main() -> None:
    """Print both, their ratio, and how ours grows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=1000, help="trials of the comparison")
    parser.add_argument("--optuna-trials", type=int, default=200, help="trials of Optuna alone, which are slow")
    parser.add_argument("--grow", type=int, default=10_000, help="trials of the growth with random sampling")
    parser.add_argument("--grow-tpe", type=int, default=3_000, help="trials of the growth with the default sampler")
    options = parser.parse_args()
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs: dict[str, Callable[[], optuna.samplers.BaseSampler]] = {
            "random": lambda: optuna.samplers.RandomSampler(seed=0),
            "tpe": lambda: optuna.samplers.TPESampler(seed=0, multivariate=True, group=True),
        }
        for sampler, make in pairs.items():
            mine, theirs = ours(folder, sampler, options.trials), optunas(folder, make(), options.optuna_trials)
            rate, other = len(mine) / mine[-1], len(theirs) / theirs[-1]
            print(
                f"{sampler:7} ours {rate:7.1f} trials/s over {len(mine)}   optuna alone {other:6.1f} trials/s over "
                f"{len(theirs)}   ratio {rate / other:.1f}"
            )
        short, long = (ours(folder, "random", 500, epochs)[-1] for epochs in (EPOCHS, 5 * EPOCHS))
        print(f"a report costs {(long - short) / (500 * 4 * EPOCHS) * 1e6:.1f} µs, recorded and shown")
        for sampler, trials in (("random", options.grow), ("tpe", options.grow_tpe)):
            print(_growth(sampler, ours(folder, sampler, trials) if trials else []))


def _growth(sampler: str, finished: Sequence[float]) -> str:
    edges = [edge for edge in (0, 100, 300, 1000, 3000, 10_000, 30_000) if edge <= len(finished)]
    rates = [
        f"{low}-{high}: {(high - low) / (finished[high - 1] - (finished[low - 1] if low else 0.0)):.0f}"
        for low, high in pairwise(edges)
    ]
    return f"growth, {sampler}, trials/s between trials  " + "   ".join(rates)


if __name__ == "__main__":
    main()
