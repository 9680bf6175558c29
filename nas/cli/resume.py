"""Go on with a study that was stopped, interrupted or killed."""

from dataclasses import replace

from nas.cli._changes import altered, changed, placed
from nas.cli._options import (
    AddressOption,
    ExecutorOption,
    JsonOption,
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
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a study where it stands."""
    from nas.cli._running import conduct, mode_of
    from nas.cli._snapshot import config_of

    url = url_of(storage)
    recorded = config_of(url, name)
    config = placed(altered(recorded, settings) if settings else recorded, executor, address)
    config = changed(config, trials, time, workers)
    conduct(replace(config, storage=url), mode_of(json=json, quiet=quiet))
