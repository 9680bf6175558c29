"""Run a search from the command line: announcement, live progress, summary."""

import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import typer
from rich.console import Console
from rich.text import Text

from nas.cli.output import report
from nas.cli.output.announcement import announcement, resume_command
from nas.cli.output.console import err, out, print_json
from nas.cli.output.json_lines import JsonLines, finished_document
from nas.cli.output.live import LiveDisplay
from nas.cli.output.plain_lines import PlainLines
from nas.cli.output.progress import Progress
from nas.cli.signals import Interruption, handling_signals
from nas.cli.standard_streams import OutputLost
from nas.cli.start_time import began
from nas.cli.system_limits import require_open_files
from nas.config import StudyConfig
from nas.controller.run_settings import RunSettings
from nas.errors import NoUsableTrial
from nas.snapshot import read
from nas.storage import LazyStorage, Storage
from nas.study import fork_in, free_name, search_in
from nas.study_file.name import require_name

Mode = Literal["live", "lines", "quiet", "json"]

AtSignal = Literal["stop", "finish"]
"""What the first signal asks for: a stop that can be gone on from, or the best so far."""


def mode_of(*, json: bool, quiet: bool) -> Mode:
    """Choose how a run is shown."""
    if json:
        return "json"
    if quiet:
        return "quiet"
    return "live" if sys.stderr.isatty() else "lines"


def conduct(storage: LazyStorage, config: StudyConfig, mode: Mode, at_signal: AtSignal = "stop") -> None:
    """Search, show it, sum it up; exit with 130 or 143 when a signal ended it.

    Raises:
        NoUsableTrial: after the summary, which says so too.
    """
    _conduct(storage, config, mode, at_signal, search_in)


def conduct_fork(
    storage: LazyStorage, config: StudyConfig, name: str | None, mode: Mode, at_signal: AtSignal = "stop"
) -> None:
    """Do the same with a new study that begins with what still holds of the one that `config` names.

    Raises:
        StudyNotFound: there is no such study.
        StudyExists: the new name is taken.
    """
    opened = storage.existing()
    opened.study(config.name)  # it must be there
    name = free_name(opened, config.name) if name is None else require_name(name)
    _conduct(storage, replace(config, name=name), mode, at_signal, partial(fork_in, of=config.name))


def _conduct(
    storage: LazyStorage, config: StudyConfig, mode: Mode, at_signal: AtSignal, begin: Callable[..., object]
) -> None:
    require_open_files()
    console = err()
    if mode not in ("quiet", "json"):
        console.print(Text(announcement(config)), soft_wrap=True)
    unusable: NoUsableTrial | None = None
    with _watcher(config, mode, console) as watcher:
        say = (
            watcher.say if isinstance(watcher, LiveDisplay) else lambda text: console.print(Text(text), soft_wrap=True)
        )
        with handling_signals(lambda: say(_signal_message(config, at_signal))) as interruption:
            try:
                settings = RunSettings(
                    watch=watcher,
                    interrupted=lambda: _reader_is_gone(watcher) or (at_signal == "stop" and interruption()),
                    finish=lambda: at_signal == "finish" and interruption(),
                    began=began(),
                )
                begin(storage, config, settings=settings)
            except NoUsableTrial as error:
                unusable = error
    if isinstance(watcher, JsonLines) and watcher.lost is not None:
        raise watcher.lost  # it has drained: nobody reads what it finds
    state = _sum_up(storage.existing(), config, mode, interruption)
    if unusable is not None:
        raise unusable
    if interruption.signal and state == "STOPPED":
        raise typer.Exit(interruption.code)


def _signal_message(config: StudyConfig, at_signal: AtSignal) -> str:
    """Return what comes of a signal."""
    if at_signal == "finish":
        return "ending the search; the best so far is retrained, scored and exported… once more to end at once"
    return f"finishing current epochs… continue with: {resume_command(config)}"


def _reader_is_gone(watcher: LiveDisplay | PlainLines | JsonLines) -> bool:
    """Return whether the reader of the events is gone."""
    return isinstance(watcher, JsonLines) and watcher.lost is not None


def _watcher(config: StudyConfig, mode: Mode, console: Console) -> LiveDisplay | PlainLines | JsonLines:
    if mode == "json":
        return JsonLines(config)
    progress = Progress(config)
    if mode == "live":
        return LiveDisplay(progress, console)
    return PlainLines(progress, console if mode == "lines" else Console(quiet=True))


def _sum_up(storage: Storage, config: StudyConfig, mode: Mode, interruption: Interruption) -> str:
    """Print how the study stands and return its state."""
    snapshot = replace(read(storage, storage.study(config.name)), url=config.storage)
    try:
        if mode == "json":
            print_json(finished_document(snapshot))
        else:
            out().print(report.outcome(snapshot))
        sys.stdout.flush()
    except OutputLost:
        if interruption.signal != signal.SIGHUP:  # the terminal is gone, as we were told
            raise
    return snapshot.record.state
