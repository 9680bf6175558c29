"""One trial for people: how it ended, its network layer by layer, its learning curve."""

import math

from rich.table import Table

from nas.cli.output import humanize
from nas.cli.output.console import table
from nas.controller.proposals import built
from nas.reasons import trial_ended
from nas.snapshot import Snapshot, class_of
from nas.trials import Trial
from search_spaces.errors import BuildError


def standing(trial: Trial) -> dict[str, object]:
    """Return how a trial stands or ended, and what it cost."""
    ended = class_of(trial)
    broken = [f"{text} by {humanize.number(excess)}" for text, excess in trial.constraints.items() if excess > 0]
    return {
        "trial": trial.number,
        "state": f"{ended} ({trial_ended(trial.reason)})" if trial.reason not in ("", ended) else ended,
        "reused from": f"trial {trial.reused_from}" if trial.reused_from is not None else "",
        "violates": "; ".join(broken),
        "epochs": f"{trial.epochs:,} in {humanize.duration(trial.seconds)}",
        "attempts": trial.attempt,
        "engine": trial.engine,
        "checkpoint": trial.checkpoint.path if trial.checkpoint else "",
    }


def network(snapshot: Snapshot, trial: Trial) -> str:
    """Draw the trial's network, a line a layer."""
    task = snapshot.record.task
    try:
        return built(trial.candidate, task).describe()
    except BuildError as error:
        return f"cannot be built: {error}"


def sparklines(trial: Trial) -> dict[str, object]:
    """Draw the curve of each metric in one line, and where it ended."""
    return {
        humanize.measure("validation", name): f"{_drawn(trial, name)} {humanize.number(last)}"
        for name, last in trial.metrics.items()
    }


def _drawn(trial: Trial, metric: str) -> str:
    return humanize.sparkline([point.metrics.get(metric, math.nan) for point in trial.curve])


def curve(trial: Trial) -> Table:
    """Tabulate every epoch with all its metrics."""
    names = list(trial.metrics)
    shown = table("#epoch", *(f"#{name}" for name in names), "#seconds")
    for point in trial.curve:
        metrics = [humanize.number(point.metrics[name]) if name in point.metrics else "" for name in names]
        shown.add_row(f"{point.epoch:,}", *metrics, f"{point.seconds:,.3f}")
    return shown
