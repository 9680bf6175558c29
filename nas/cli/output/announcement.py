"""Announcement of a run: what is searched, on which samples, where it is stored, and how to resume it."""

import os
from collections.abc import Mapping
from pathlib import Path

from nas.cli.options import on_storage
from nas.cli.output import humanize, report
from nas.config import StudyConfig
from nas.events import StudyStarted
from nas.redaction import redacted
from search_spaces.candidate import Named, Settings
from search_spaces.errors import NasError
from search_spaces.hyperparameters import hyperparameters
from workers.tasks import TASKS

_WIDTH = 8


def announcement(config: StudyConfig) -> str:
    """Return what will run, before the samples are read."""
    return _rows(
        {
            "study": config.name,
            "task": humanize.named(task_text(config.task.task)),
            "space": report.announced_space(config.space),
            "goal": report.objectives_text(config.objectives),
            "search": f"{config.sampler.name} with {config.pruning.pruner.name}, seed {config.seed}",
            "budget": report.budget_text(config.budget),
            "storage": redacted(config.storage),
            "resume": resume_command(config),
            "watch": on_storage("nas dashboard", config.storage),
        }
    )


def begun(happening: StudyStarted, known: StudyConfig) -> str:
    """Return what the samples are, now that they are read, and what they decide; `known` is what was announced."""
    goal = "" if known.objectives else report.objectives_text(happening.config.objectives)
    epochs = "" if known.budget.epochs else f"{happening.config.budget.epochs:,} for a full training, {_fitted(known)}"
    return _rows({"samples": report.samples_text(happening.task), "goal": goal, "epochs": epochs})


def _fitted(known: StudyConfig) -> str:
    return "fitted to the samples and the time" if known.budget.seconds else "fitted to the samples"


def task_text(task: Named) -> Named:
    """Return the task with the settings that somebody chose, files from the working folder."""
    try:
        files = {item.name for item in hyperparameters(TASKS.load(task.name)) if item.is_file}
    except NasError:
        return task  # of another distribution, which is not installed here
    chosen = report.chosen(task, TASKS).settings
    return Named(task.name, Settings({k: _near(v) if k in files else v for k, v in chosen.items()}))


def resume_command(config: StudyConfig) -> str:
    """Return what the user types to go on with a study."""
    return on_record("nas resume", config)


def on_record(command: str, config: StudyConfig) -> str:
    """Return a command as the user types it for a study."""
    return on_storage(f"{command} {config.name}", config.storage)


def _near(path: object) -> str:
    """Write a path from the working folder, where it is in it."""
    try:
        return str(Path(str(path)).relative_to(os.getcwd()))
    except (ValueError, OSError):
        return str(path)


def _rows(rows: Mapping[str, str]) -> str:
    return "\n".join(f"{name:<{_WIDTH}} {value}" for name, value in rows.items() if value)
