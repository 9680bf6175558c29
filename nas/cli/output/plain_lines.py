"""Progress without a terminal: one plain line for each finished trial."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from nas.cli.output import announcement, data_summary, humanize
from nas.cli.output.progress import Progress
from nas.events import (
    BaselineScored,
    ComparisonStarted,
    FinalScored,
    FinalStarted,
    Happening,
    Noticed,
    StudyStarted,
    TrialFinished,
)
from nas.reasons import trial_ended
from nas.snapshot import class_of, valued
from nas.trials import Trial


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Writes lines, each whole and never broken."""

    progress: Progress
    console: Console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind."""

    def __call__(self, happening: Happening) -> None:
        """Write what is worth a line."""
        announced = self.progress.config
        self.progress.take(happening)
        match happening:
            case StudyStarted():
                self.say(announcement.begun(happening, announced))
                for line in () if happening.resumed else data_summary.lines(happening.task):
                    self.say(line)
                if happening.resumed:
                    self.say(f"going on after {humanize.counted(happening.finished, 'finished trial')}")
            case TrialFinished(trial=trial) if trial.reason != "infeasible":  # it has cost nothing
                self.say(self._trial(happening.trial, "best so far" if happening.best else ""))
            case ComparisonStarted(numbers=numbers, seeds=seeds):
                self.say(
                    f"comparing trials {', '.join(map(str, numbers))} with {humanize.counted(seeds, 'fresh seed')} each"
                )
            case FinalStarted():
                times = humanize.counted(happening.trainings, "time")
                self.say(f"retraining the best on train + validation, {times}")
            case FinalScored():
                self.say(f"retrained trial {happening.number}: {humanize.scores('test', happening.metrics)}")
            case BaselineScored():
                self.say(f"baseline {happening.name}: {humanize.scores('test', happening.metrics)}")
            case Noticed():
                self.say(f"note: {happening.text}")

    def say(self, text: str) -> None:
        """Write one line."""
        self.console.print(Text(text), soft_wrap=True)

    def _trial(self, trial: Trial, note: str) -> str:
        budget = self.progress.config.budget.trials
        done = f"[{self.progress.finished:,}{f'/{budget:,}' if budget else ''}]"
        ended = class_of(trial)
        why = f"({trial_ended(trial.reason)})" if trial.reason not in ("", ended) else ""
        values = humanize.scores("validation", valued(trial, self.progress.config.objectives))
        cost = f"{humanize.counted(trial.epochs, 'epoch')} {humanize.duration(trial.seconds)}" if trial.epochs else ""
        shape = humanize.searched(trial.candidate.architecture.family, trial.params)
        return " ".join(part for part in (done, f"trial {trial.number}", ended, why, values, cost, note, shape) if part)
