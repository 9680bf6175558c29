"""Trials per second through real workers, beside Ray Tune; and what a controller costs with more workers and trials.

    python -m benchmarks.cluster [--trials 400] [--grow 10000] [--postgresql URL]

Through `process` and `ray` go real trainings that cost next to nothing: networks of a few neurons on 178 wines, 20
epochs with a report each, two workers. Through Ray Tune go trials that do nothing but report 20 times. More workers
than two are simulated: an executor in this process that reports one epoch of each running trial at a time.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.controller import EPOCHS, NoOpExecutor, ours, space
from benchmarks.machine import describe_machine
from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.controller.controller import Controller
from nas.controller.prepare import prepare
from nas.controller.run_settings import RunSettings
from nas.events import Happening, StudyStarted, TrialFinished
from nas.storage import Storage
from search_spaces.candidate import Named, Settings
from search_spaces.dimensions import Choice
from search_spaces.space import SearchSpace
from workers.messages import EpochMetrics, Event, Job, JobLost, Outcome, TaskSpec

WORKERS = 2
_WINDOW = 200
"""Trials over which a rate is taken, of studies that grow."""


class SimulatedWorkers(NoOpExecutor):
    """So many workers with a job each; a poll brings one epoch of every trial that they train."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.capacity = workers
        self._running: dict[int, tuple[Job, int]] = {}

    def submit(self, job: Job) -> None:
        """Begin a job."""
        self._running[job.id] = job, 0

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Train every job by an epoch."""
        return [event for id in list(self._running) for event in self._epoch(id)]

    def stop(self, numbers: Collection[int]) -> None:
        """Finish anyway."""

    def _epoch(self, id: int) -> list[Event]:
        job, epoch = self._running[id][0], self._running[id][1] + 1
        self._running[id] = job, epoch
        metrics = {"loss": 1.0 / epoch, "accuracy": epoch / job.epochs}
        events: list[Event] = [EpochMetrics(a.number, a.attempt, epoch, metrics, 0.001) for a in job.assignments]
        if epoch == job.epochs:
            del self._running[id]
            events += [Outcome(a.number, a.attempt, "COMPLETE", epoch, metrics, 0.02) for a in job.assignments]
        return events


def small_space() -> SearchSpace:
    """Return the space of `benchmarks.controller` with networks that train in no time."""
    usual = space()
    shape = {
        name: replace(one, options=(2, 3, 4, 6)) if isinstance(one, Choice) and name.startswith("width.") else one
        for name, one in usual.architecture.items()
    }
    return replace(usual, architecture=shape, fixed=Settings(batch_size=128))


def through(folder: Path, executor: Named, trials: int) -> float:
    """Return the trials per second of a search through an executor, from when it has started."""
    config = StudyConfig(
        name="cluster",
        task=TaskSpec(Named("wine")),
        space=small_space(),
        objectives=(Objective("accuracy", "maximize"),),
        sampler=Named("random"),
        pruning=Pruning(Named("threshold"), "accuracy"),  # a decision a report; it stops nobody here
        budget=Budget(trials=trials, epochs=EPOCHS),
        final=Final(seeds=0),
        executor=executor,
        storage=f"sqlite:///{folder}/{executor.name}.db",
        artifacts=Artifacts(str(folder), export=()),
        checkpoint_seconds=60.0,
    )
    began = ended = 0.0
    epochs = 0

    def watch(happening: Happening) -> None:
        nonlocal began, ended, epochs
        match happening:
            case StudyStarted():
                began = time.perf_counter()
            case TrialFinished():
                ended, epochs = time.perf_counter(), epochs + happening.trial.epochs

    with Storage.open(config.storage) as storage, ExitStack() as stack:
        Controller(storage, RunSettings(watch)).begin_prepared(prepare(config, stack))
    assert epochs == trials * EPOCHS, f"{epochs} reports of {trials} trials"
    return trials / (ended - began)


def growth(folder: Path, trials: int, storage: str = "") -> tuple[float, float]:
    """Return the milliseconds of a trial early in a study with random sampling, and at its end."""
    finished = ours(folder, "random", trials, storage=storage)
    early = finished[100 + _WINDOW] - finished[100]
    return early / _WINDOW * 1e3, (finished[-2] - finished[-2 - _WINDOW]) / _WINDOW * 1e3


def tune_rates(options: argparse.Namespace) -> dict[str, float]:
    """Run `benchmarks.tune_loop`, a program of its own, and return the trials per second that it prints."""
    counts = ("--trials", options.tune_trials, "--reused-trials", options.tune_reused)
    command = [sys.executable, "-m", "benchmarks.tune_loop", *map(str, counts)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = re.findall(r"^(Ray Tune.*?)\s+([\d.]+) trials/s", ran.stdout, re.MULTILINE)
    return {name: float(rate) for name, rate in found}


def main() -> None:
    """Print all of it, with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=400, help="trials through each executor")
    parser.add_argument("--tune-trials", type=int, default=6, help="trials of Ray Tune with an actor each")
    parser.add_argument("--tune-reused", type=int, default=40, help="trials of Ray Tune with actors that are reused")
    parser.add_argument("--simulated", type=int, default=1000, help="trials with each number of simulated workers")
    parser.add_argument("--grow", type=int, default=10_000, help="trials of a study that grows; 0 leaves it out")
    parser.add_argument("--postgresql", default="", metavar="URL", help="an empty database to grow one in as well")
    options = parser.parse_args()
    print(describe_machine(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        _compare(Path(name), options)
        _simulate(Path(name), options.simulated)
        for storage in ("", options.postgresql) if options.postgresql else ("",):
            if options.grow:
                early, late = growth(Path(name), options.grow, storage)
                kind = "postgresql" if storage else "sqlite"
                print(f"{kind:10} a trial costs {early:.2f} ms after 100, {late:.2f} ms at {options.grow}", end="")
                print(f"   ratio {late / early:.2f}", flush=True)


def _compare(folder: Path, options: argparse.Namespace) -> None:
    settings = Settings(workers=WORKERS)
    rates = {name: through(folder, Named(name, settings), options.trials) for name in ("process", "ray")}
    for name, rate in rates.items():
        print(f"{name:10} {rate:7.1f} trials/s   {rate * EPOCHS:7.0f} reports/s", flush=True)
    for name, rate in tune_rates(options).items():
        print(f"{name:52} {rate:7.2f} trials/s   ray is {rates['ray'] / rate:.1f} times as fast", flush=True)


def _simulate(folder: Path, trials: int) -> None:
    for workers in (1, 8, 64):
        storage = f"sqlite:///{folder}/simulated-{workers}.db"
        finished = ours(folder, "random", trials, storage=storage, start=partial(_simulated, workers))
        print(f"{workers:2} simulated workers   {finished[-1] / len(finished) * 1e3:.2f} ms a trial", flush=True)


def _simulated(workers: int, executor: Named) -> SimulatedWorkers:
    return SimulatedWorkers(workers)


if __name__ == "__main__":
    main()
