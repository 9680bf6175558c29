"""Changes that a command line makes to a study between two runs: trials, time, workers, name."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

import typer

from nas.config import StudyConfig
from search_spaces.candidate import Named, Settings


def changed(config: StudyConfig, trials: int | None, time: str | None, workers: int | None) -> StudyConfig:
    """Return the study with what was given on the command line; None leaves a thing as it is."""
    budget = config.budget
    if trials is not None:
        budget = replace(budget, trials=trials)
    if time is not None:
        budget = replace(budget, seconds=_seconds(time))
    executor = config.executor if workers is None else _with_workers(config.executor, workers)
    return replace(config, budget=budget, executor=executor)


def placed(config: StudyConfig, executor: str | None, address: str | None) -> StudyConfig:
    """Return the study to be trained elsewhere; the settings of an executor that stays are kept."""
    from nas.executors import EXECUTORS
    from nas.study_file.menus import choice_of, default

    if executor is not None and executor != config.executor.name:
        EXECUTORS.require(executor)
        config = replace(config, executor=default(choice_of(EXECUTORS), executor))
    if address is None:
        return config
    if "address" not in config.executor.settings:
        message = f"the executor {config.executor.name!r} has no address; add --executor ray"
        raise typer.BadParameter(message, param_hint="--address")
    settings = Settings({**config.executor.settings, "address": address})
    return replace(config, executor=replace(config.executor, settings=settings))


def altered(config: StudyConfig, settings: Sequence[str]) -> StudyConfig:
    """Return a study on record with what `--set` may change of it.

    Raises:
        SpecError: a path or a value is wrong.
        StudyExists: what is set would make it another search.
    """
    from nas.errors import StudyExists
    from nas.study_file.changes import SAFE
    from nas.study_file.load import difference, loads, resolved

    written = resolved(config)
    before, after = loads(written), loads(written, overrides=settings)
    if any(not change.safe for change in difference(before, after)):
        named = [text for text in settings if not _may_change(text.partition("=")[0])]
        refused = " ".join(f"--set {shlex.quote(text)}" for text in named or settings)
        options = " ".join(f"--set {shlex.quote(text)}" for text in settings)
        raise StudyExists(
            f"study {config.name!r}: {refused} would make it another search, whose trials could not be compared with "
            f"those on record; begin another study with those that still hold: "
            f"nas resume {config.name} {options} --fork"
        )
    if after.storage != before.storage:
        raise typer.BadParameter("a study stays in its storage; say where that is with --storage", param_hint="--set")
    fields = [path.rpartition(".")[2] for path in SAFE]
    return replace(config, task=after.task, **{field: getattr(after, field) for field in fields})


def rewritten(config: StudyConfig, settings: Sequence[str]) -> StudyConfig:
    """Return a study on record with all that `--set` changes of it: the definition of a fork, still under its name.

    Raises:
        SpecError: a path or a value is wrong.
    """
    from nas.study_file.load import loads, resolved

    after = loads(resolved(config), overrides=settings)
    if after.name != config.name:
        raise typer.BadParameter("a fork is named with --name", param_hint="--set")
    return replace(after, base=config.base)


def _may_change(path: str) -> bool:
    from nas.study_file.changes import safe

    return path == "training" or safe(path)


def _seconds(text: str) -> float:
    from search_spaces.documents.quantities import duration

    seconds = duration(text)
    if seconds is None or seconds <= 0:
        raise typer.BadParameter(f"{text!r} is no length of time; write 90s, 30m, 2h or 1h30m", param_hint="--time")
    return seconds


def _with_workers(executor: Named, workers: int) -> Named:
    if "workers" not in executor.settings:
        message = f"the executor {executor.name!r} has no workers to count; add --executor process"
        raise typer.BadParameter(message, param_hint="--workers")
    return replace(executor, settings=Settings({**executor.settings, "workers": workers}))
