"""The resolved study: a `StudyConfig` as a study file in which nothing is left to a default."""

from typing import Any

from nas.config import Objective, Pruning, StudyConfig
from nas.redaction import redacted
from search_spaces.candidate import Named
from search_spaces.space_file.as_yaml import space_document, to_yaml


def resolved(config: StudyConfig) -> str:
    """Write a study that was read from a file; what is written loads as an equal `StudyConfig`.

    Passwords in the storage's address are stars. Objectives that are left to the task stay out.
    """
    return to_yaml(_document(config))


def _document(config: StudyConfig) -> dict[str, Any]:
    document: dict[str, Any] = {"name": config.name, "task": _named(config.task.task)}
    split, loss = config.task.split, config.task.loss
    document["split"] = {"validation": split.validation, "test": split.test, "seed": split.seed}
    document |= {"loss": loss} if loss else {}
    document["space"] = space_document(config.space)
    if len(config.objectives) == 1:
        document["objective"] = _objective(config.objectives[0])
    elif config.objectives:
        document["objectives"] = [_objective(objective) for objective in config.objectives]
    if config.constraints:
        document["constraints"] = [constraint.text for constraint in config.constraints]
    return {**document, **_rest(config)}


def _rest(config: StudyConfig) -> dict[str, Any]:
    budget, final, artifacts = config.budget, config.final, config.artifacts
    target = {} if budget.target is None else {"target": budget.target}
    return {
        "sampler": _named(config.sampler),
        "pruner": _pruner(config.pruning),
        "budget": {
            "trials": budget.trials,
            **({"epochs": budget.epochs} if budget.epochs else {}),
            "total_epochs": budget.total_epochs,
            "time": budget.seconds,
            **target,
            "patience": budget.patience,
        },
        "training": {"checkpoint_seconds": config.checkpoint_seconds, "epoch_samples": config.epoch_samples},
        "final": {"seeds": final.seeds, "top": final.top, "epochs": final.epochs, "ensemble": final.ensemble},
        "executor": _named(config.executor),
        "storage": redacted(config.storage),
        "artifacts": {"folder": artifacts.folder, "keep": artifacts.keep, "export": list(artifacts.export)},
        "seed": config.seed,
    }


def _objective(objective: Objective) -> str:
    return f"{objective.direction} {objective.metric}"


def _named(named: Named) -> object:
    return {named.name: dict(named.settings)} if named.settings else named.name


def _pruner(pruning: Pruning) -> object:
    if not pruning.metric:
        return _named(pruning.pruner)
    compared = f"{pruning.direction} {pruning.metric}"
    return {pruning.pruner.name: dict(pruning.pruner.settings), "metric": compared}
