"""Go on with a study that was stopped, interrupted or killed."""

from dataclasses import replace

import typer

from nas.cli.edits import altered, changed, placed, rewritten
from nas.cli.options import (
    AddressOption,
    ExecutorOption,
    FinishOption,
    ForkOption,
    JsonOption,
    NameOption,
    QuietOption,
    SetOption,
    StorageOption,
    StudyName,
    TimeOption,
    TrialsOption,
    WorkersOption,
    url_of,
)


def resume(
    name: StudyName,
    storage: StorageOption = None,
    settings: SetOption = None,
    trials: TrialsOption = None,
    time: TimeOption = None,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    fork: ForkOption = False,
    new_name: NameOption = None,
    finish: FinishOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a study where it stands."""
    from nas.cli.run_study import AtSignal, conduct, conduct_fork, mode_of
    from nas.snapshot import config_of

    url = url_of(storage)
    if new_name is not None and not fork:
        raise typer.BadParameter("a study keeps its name; --fork begins another", param_hint="--name")
    recorded = config_of(url, name)
    change = rewritten if fork else altered
    config = placed(change(recorded, settings) if settings else recorded, executor, address)
    config = replace(changed(config, trials, time, workers), storage=url)
    at_signal: AtSignal = "finish" if finish else "stop"
    if fork:
        conduct_fork(config, new_name, mode_of(json=json, quiet=quiet), at_signal)
    else:
        conduct(config, mode_of(json=json, quiet=quiet), at_signal)
