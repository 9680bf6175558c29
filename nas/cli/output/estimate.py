"""The estimate of a study for people: sizes, epochs and times in words."""

import statistics
from collections.abc import Sequence

from nas.cli.output import humanize, report
from nas.controller.budget.fidelity import SEARCH_SHARE
from nas.estimate import Looked, advice


def estimate_rows(looked: Looked) -> dict[str, str]:
    """Return it as names and sentences."""
    trainable, sampled = looked.survey.trainable, f"of {len(looked.survey.samples)} sampled networks"
    infeasible, notice = looked.survey.infeasible, advice(looked.config, trainable)
    return {
        "samples": report.samples_text(looked.task),
        "space": report.announced_space(looked.config.space),
        "parameters": _sizes_text([trial.parameters for trial in trainable]),
        "flops": _sizes_text([trial.flops for trial in trainable]),
        "infeasible": f"{infeasible:.1%} {sampled}" if infeasible else f"none {sampled}",
        "epochs": _epochs_text(looked),
        "time": _time_text(looked),
        **({"notice": notice} if notice else {}),
    }


def _epochs_text(looked: Looked) -> str:
    budget = looked.config.budget
    epoch = looked.survey.epoch_seconds
    why = "as given" if looked.given_epochs else "fitted to the samples" + (" and the time" if budget.seconds else "")
    each = f"; about {humanize.duration(epoch)} each" if epoch else ""
    return f"{budget.epochs:,} for a full training, {why}{each}"


def _time_text(looked: Looked) -> str:
    budget, bought = looked.config.budget, looked.trainings
    if bought is None:
        if looked.seconds is None:
            return "unknown"
        return f"about {humanize.duration(looked.seconds)} of training at most; starting and retraining come on top"
    time = humanize.duration(budget.seconds)
    most = humanize.number(round(bought))
    if bought >= 1:
        return f"{time} buys about {most} full trainings: {most} trials to their end, more with pruning"
    enough = humanize.duration(12 * budget.seconds / max(bought, 1e-3) / SEARCH_SHARE)
    return f"{time} buys not one full training, not one trial to its end: give limits, fewer epochs, or {enough}"


def _sizes_text(sizes: Sequence[int]) -> str:
    if not sizes:
        return "no sample can be trained"
    low, median, high = map(humanize.number, (min(sizes), statistics.median(sizes), max(sizes)))
    return f"{low} to {high}, median {median}"
