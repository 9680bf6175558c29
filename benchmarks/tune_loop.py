"""What people run on a cluster today: Ray Tune, OptunaSearch on SQLite, ASHA, two workers; trials that cost nothing.

    python -m benchmarks.tune_loop [--trials 6] [--reused-trials 40] [--bridge-trials 40]

Each trial has 12 hyper-parameters and 20 reports. All draw the same curve, so that ASHA decides at each of its rungs
and stops nobody. Then the same through `nas.tune`: our sampler, pruner and record inside the same `tune.Tuner`.
"""

import argparse
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from benchmarks.controller import EPOCHS, space, suggest
from benchmarks.machine import describe_machine
from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.tune import NasScheduler, NasSearch
from search_spaces.candidate import Named, Settings
from workers.messages import TaskSpec

WORKERS = 2


@contextmanager
def cluster() -> Iterator[None]:
    """Run Ray on this machine, with one core for each worker."""
    ray.init(
        address="local",
        num_cpus=WORKERS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100 << 20,
    )
    try:
        yield
    finally:
        ray.shutdown()


def optuna_search(folder: Path, trials: int, *, reuse_actors: bool) -> float:
    """Return the trials per second of Tune's own searcher and scheduler, in a cluster that runs."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/optuna-{reuse_actors}.db")
    searcher = OptunaSearch(
        suggest, metric="accuracy", mode="max", storage=storage, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    scheduler = ASHAScheduler(metric="accuracy", mode="max", max_t=EPOCHS, grace_period=2, reduction_factor=3)
    return _rate(folder, searcher, scheduler, trials, num_samples=trials, reuse_actors=reuse_actors)


def bridge(folder: Path, trials: int) -> float:
    """Return the trials per second of our searcher and scheduler, recorded and shown, in a cluster that runs."""
    config = StudyConfig(
        name="bridge",
        task=TaskSpec(Named("digits")),
        space=space(),
        objectives=(Objective("accuracy", "maximize"),),
        sampler=Named("random"),
        pruning=Pruning(Named("asha", Settings(first_rung=2)), "accuracy"),
        budget=Budget(trials=trials, epochs=EPOCHS),
        final=Final(seeds=0),
        storage=f"sqlite:///{folder}/nas.db",
        artifacts=Artifacts(str(folder), export=()),
    )
    scheduler: Any = NasScheduler  # Ray types its classes in part
    return _rate(folder, NasSearch(config), scheduler(), trials, num_samples=-1, reuse_actors=True)


def _rate(folder: Path, searcher: Any, scheduler: Any, trials: int, **settings: Any) -> float:
    tuner = tune.Tuner(
        _no_op,
        tune_config=tune.TuneConfig(
            search_alg=searcher, scheduler=scheduler, max_concurrent_trials=WORKERS, **settings
        ),
        run_config=tune.RunConfig(storage_path=str(folder), verbose=0),
    )
    start = time.perf_counter()
    results = tuner.fit()
    seconds = time.perf_counter() - start
    found = [results[index].metrics or {} for index in range(len(results))]
    reports = [metrics.get("training_iteration") for metrics in found]
    assert reports == [EPOCHS] * trials, f"not {trials} trials with {EPOCHS} reports each: {reports}"
    return trials / seconds


def _no_op(parameters: dict[str, Any]) -> None:
    for epoch in range(1, EPOCHS + 1):
        tune.report({"loss": 1 / epoch, "accuracy": epoch / EPOCHS})


def main() -> None:
    """Print the three rates."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=6, help="trials with an actor each, which are slow")
    parser.add_argument("--reused-trials", type=int, default=40, help="trials with actors that are reused")
    parser.add_argument("--bridge-trials", type=int, default=40, help="trials through nas.tune")
    options = parser.parse_args()
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"  # it prints a page for each Tuner
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name, cluster():
        folder = Path(name)
        for reuse, trials in ((False, options.trials), (True, options.reused_trials)):
            rate = optuna_search(folder, trials, reuse_actors=reuse)
            print(f"Ray Tune, OptunaSearch, ASHA, reuse_actors={reuse!s:5}  {rate:7.2f} trials/s over {trials}")
        rate = bridge(folder, options.bridge_trials)
        print(f"Ray Tune, nas.tune, reuse_actors=True              {rate:7.2f} trials/s over {options.bridge_trials}")


if __name__ == "__main__":
    main()
