"""Small studies, and the user's script that runs one of them inside `tune.Tuner`."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray import tune

import nas
from nas.study import Study
from nas.tune import NasScheduler, NasSearch, trainable

STUDY = """\
name: s
task: {task}
space:
  family: mlp
  depth: 1..2
  width: {{each: [8, 16, 32]}}
  optimizer: {{sgd: {{lr: 1e-3..1 log}}}}
  batch_size: [{batch_size}]
objective: maximize accuracy
sampler: random
pruner: {pruner}
budget: {{trials: {trials}, epochs: {epochs}}}
final: {{seeds: 0}}
training: {{checkpoint_seconds: {checkpoint_seconds}}}
executor: inline
storage: sqlite:///{folder}/nas.db
artifacts: {{folder: {folder}/runs}}
seed: 0
"""

Trainable = Callable[[dict[str, Any]], None]


def study_file(folder: Path, **changes: Any) -> Path:
    """Write a study file whose database and artifacts are beside it."""
    usual = {
        "task": "wine",
        "batch_size": 32,
        "pruner": "none",
        "trials": 4,
        "epochs": 3,
        "checkpoint_seconds": 0,
        "folder": folder,
    }
    path = folder / "study.yaml"
    path.write_text(STUDY.format(**{**usual, **changes}))
    return path


def fit(
    study: Path,
    own: Trainable | None = None,
    *,
    overrides: Sequence[str] = (),
    callbacks: Sequence[tune.Callback] = (),
    failures: int = 0,
    name: str = "e",
    stop: Mapping[str, int] | None = None,
    **settings: Any,
) -> tune.ResultGrid:
    """Run a study inside a Tuner, as its user would; by default until its budget is spent."""
    scheduler = NasScheduler()  # type: ignore[no-untyped-call]  # Ray's
    usual = {"num_samples": -1, "max_concurrent_trials": 2, "reuse_actors": True}
    tuner = tune.Tuner(
        own or trainable(study, overrides=overrides),
        tune_config=tune.TuneConfig(
            **{"search_alg": NasSearch(study, overrides=overrides), "scheduler": scheduler, **usual, **settings}
        ),
        run_config=tune.RunConfig(
            storage_path=str(study.parent / "ray"),
            name=name,
            stop=dict(stop or {}),
            verbose=0,
            callbacks=list(callbacks),
            failure_config=tune.FailureConfig(max_failures=failures),
        ),
    )
    return tuner.fit()


def restored(study: Path) -> tune.Tuner:
    """Return the Tuner that an earlier driver has left."""
    return tune.Tuner.restore(_saved(study), trainable=trainable(study))


def _saved(study: Path) -> str:
    return str(study.parent / "ray" / "e")


def opened(study: Path) -> Study:
    """Return the study on record."""
    config = nas.load(study)
    return Study(config.name, config.storage)


def results_of(grid: tune.ResultGrid) -> list[tune.Result]:
    """List the results of a grid, which has a length and an index."""
    return [grid[number] for number in range(len(grid))]


def iterations(grid: tune.ResultGrid) -> Mapping[int, int]:
    """Return how many reports Tune has of each trial, by its number."""
    return {
        result.config["nas"]["trial"]: result.metrics["training_iteration"]
        for result in results_of(grid)
        if result.config and result.metrics
    }


def main(address: str, study: Path) -> None:
    """Begin, or go on with what an earlier process has begun."""
    import ray

    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    if tune.Tuner.can_restore(_saved(study)):
        restored(study).fit()
    else:
        fit(study)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
