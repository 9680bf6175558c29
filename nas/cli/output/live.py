"""Live progress on a terminal: a few lines that are redrawn in place, each no longer than the terminal is wide."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live as Redrawn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.cli.output import announcement, data_summary, humanize
from nas.cli.output.progress import Progress
from nas.events import Happening, Noticed, StudyStarted
from nas.reasons import trial_ended
from nas.snapshot import CLASSES, valued

_FRAMES_PER_SECOND = 5
_TOLD = 3
"""Trials that run, at most, that a line has room for."""


@dataclass(slots=True)
class LiveDisplay:
    """Shows a run while it lasts; what is said meanwhile scrolls by above it."""

    progress: Progress
    console: Console
    _redrawn: Redrawn = field(init=False)

    def __post_init__(self) -> None:
        self._redrawn = Redrawn(
            self, console=self.console, refresh_per_second=_FRAMES_PER_SECOND, transient=True, redirect_stdout=False
        )

    def __enter__(self) -> Self:
        self._redrawn.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._redrawn.stop()

    def __call__(self, happening: Happening) -> None:
        """Receive an event; the next frame shows it."""
        announced = self.progress.config
        self.progress.take(happening)
        match happening:
            case StudyStarted():
                self.say(announcement.begun(happening, announced))
                cut = data_summary.Cut(data_summary.FEW, announcement.on_record("nas show", happening.config))
                for line in () if happening.resumed else data_summary.lines(happening.task, cut):
                    self.say(line)
            case Noticed():
                self.say(f"note: {happening.text}")

    def say(self, text: str) -> None:
        """Write a line above the progress."""
        self.console.print(Text(text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = (self._bar(), self._best(), self._under_way(), self._failures(), self._speed())
        yield Group(*(line for line in lines if line is not None))

    def _bar(self) -> Table:
        progress, budget = self.progress, self.progress.config.budget
        of = f"/{budget.trials:,}" if budget.trials else ""
        row = Table.grid(padding=(0, 1))
        row.add_row(
            Text(progress.stage, "bold"),
            ProgressBar(total=1.0, completed=progress.share or 0.0, width=20, pulse=progress.share is None),
            Text(f"{progress.finished:,}{of} trials"),
            Text(counted(progress), no_wrap=True, overflow="ellipsis"),
        )
        return row

    def _best(self) -> Text:
        best = self.progress.best
        if best is None:
            return _line("no best yet", "dim")
        values = humanize.scores("validation", valued(best, self.progress.config.objectives))
        what = humanize.searched(best.candidate.architecture.family, best.params)
        return _line(f"best {values} · trial {best.number} · {what}")

    def _under_way(self) -> Text | None:
        """Return which trials run, and how far they are."""
        progress, epochs = self.progress, self.progress.config.budget.epochs
        if progress.stage != "searching" or not progress.reached:
            return None
        of = f"/{epochs:,}" if epochs else ""
        told = [f"{number} ({reached:,}{of})" for number, reached in progress.reached[:_TOLD]]
        told[0] = told[0].replace(")", " epochs)")
        more = progress.running - len(told)
        return _line("running trial " + ", ".join([*told, *([f"{more:,} more"] if more > 0 else [])]))

    def _failures(self) -> Text | None:
        """Return why trials failed, if any did."""
        reasons = [f"{number:,} × {trial_ended(why)}" for why, number in self.progress.failures.most_common()]
        return _line(f"failed {', '.join(reasons)}") if reasons else None

    def _speed(self) -> Text:
        progress = self.progress
        if progress.stage == "starting":
            said = "loading the task, starting workers"
        elif progress.stage == "comparing":
            said = "measuring the best again, with fresh seeds"
        elif progress.stage == "retraining":
            said = f"{progress.scored}/{progress.trainings} retrainings on train + validation"
        else:
            said = f"{progress.running:,} running · {progress.speed:,.1f} epochs/s · {eta(progress)} left"
        of = " in this run" if progress.spent else ""
        return _line(f"{said} · {humanize.duration(progress.seconds)} so far{of}", "dim")


def _line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def counted(progress: Progress) -> str:
    """Return how many trials ended how; what there is none of is left out."""
    return " · ".join(f"{progress.classes[name]:,} {name}" for name in CLASSES if progress.classes[name])


def eta(progress: Progress) -> str:
    """Return how long it may still take."""
    return "unknown" if progress.remaining is None else humanize.duration(progress.remaining)
