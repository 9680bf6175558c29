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
    from nas.snapshot import config_in
    from nas.storage import LazyStorage

    url = url_of(storage)
    if new_name is not None and not fork:
        raise typer.BadParameter("a study keeps its name; --fork begins another", param_hint="--name")
    change = rewritten if fork else altered
    at_signal: AtSignal = "finish" if finish else "stop"
    with LazyStorage(url) as opened:
        recorded = config_in(opened.existing(), name)
        config = placed(change(recorded, settings) if settings else recorded, executor, address)
        config = replace(changed(config, trials, time, workers), storage=url)
        if fork:
            conduct_fork(opened, config, new_name, mode_of(json=json, quiet=quiet), at_signal)
        else:
            conduct(opened, config, mode_of(json=json, quiet=quiet), at_signal)
