"""Run a study file: search, retrain the best, score it, export it."""

import json as encoding
from dataclasses import replace
from typing import Annotated

import typer

from nas.cli.edits import changed, placed
from nas.cli.options import (
    AddressOption,
    ExecutorOption,
    FileArgument,
    FinishOption,
    ForkOption,
    JsonOption,
    NameOption,
    QuietOption,
    SetOption,
    StorageOption,
    TimeOption,
    TrialsOption,
    WorkersOption,
)
from nas.cli.study_argument import study_in


def run(
    file: FileArgument,
    storage: StorageOption = None,
    settings: SetOption = None,
    trials: TrialsOption = None,
    time: TimeOption = None,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="the seed of everything random", show_default=False)
    ] = None,
    name: NameOption = None,
    fork: ForkOption = False,
    finish: FinishOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study file; go on with its study if it is on record and unchanged."""
    from nas.cli.run_study import AtSignal, conduct, conduct_fork, mode_of
    from nas.storage import LazyStorage

    given = {"seed": seed, "name": None if fork else name}
    overrides = [f"{key}={encoding.dumps(value)}" for key, value in given.items() if value is not None]
    written = study_in(file, [*(settings or ()), *overrides])
    config = changed(placed(written.config, executor, address), trials, time, workers)
    config = replace(config, storage=storage or config.storage)
    at_signal: AtSignal = "finish" if finish else "stop"
    with written.placing(), LazyStorage(config.storage) as opened:
        if fork:
            conduct_fork(opened, config, name, mode_of(json=json, quiet=quiet), at_signal)
        else:
            conduct(opened, config, mode_of(json=json, quiet=quiet), at_signal)
