"""A `StudyConfig` as JSON for the record, and what differs between two of them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.passwords import hidden
from search_spaces.candidate import Named
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace
from workers.messages import METRIC_DIRECTIONS, Split, TaskSpec

SAFE = ("budget", "executor", "storage", "artifacts", "final", "checkpoint_seconds")
"""What may change between two runs of a study; everything else makes it another search."""
UNSAFE = ("budget.epochs",)
"""What may not change inside a section that may: values after other numbers of epochs cannot be compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs, and whether a study on record may go on with it."""

    path: str
    before: object
    after: object
    safe: bool


def to_json(config: StudyConfig) -> dict[str, Any]:
    """Return plain JSON values; the password of the storage's URL is left out."""
    return {
        "name": config.name,
        "task": {"task": config.task.task.to_json(), "split": asdict(config.task.split), "loss": config.task.loss},
        "space": config.space.to_json(),
        "objectives": [asdict(objective) for objective in config.objectives],
        "constraints": [constraint.text for constraint in config.constraints],
        "sampler": config.sampler.to_json(),
        "pruning": {
            "pruner": config.pruning.pruner.to_json(),
            "metric": config.pruning.metric,
            "direction": config.pruning.direction,
        },
        "budget": asdict(config.budget),
        "final": asdict(config.final),
        "executor": config.executor.to_json(),
        "storage": hidden(config.storage),
        "artifacts": {**asdict(config.artifacts), "export": list(config.artifacts.export)},
        "checkpoint_seconds": config.checkpoint_seconds,
        "epoch_samples": config.epoch_samples,
        "seed": config.seed,
        "base": config.base,
    }


def from_json(document: Mapping[str, Any]) -> StudyConfig:
    """Undo `to_json`."""
    task, pruning, artifacts = document["task"], document["pruning"], document["artifacts"]
    return StudyConfig(
        name=document["name"],
        task=TaskSpec(Named.from_json(task["task"]), Split(**task["split"]), task["loss"]),
        space=SearchSpace.from_json(document["space"]),
        objectives=tuple(Objective(**objective) for objective in document["objectives"]),
        constraints=tuple(Expression.parse(text) for text in document["constraints"]),
        sampler=Named.from_json(document["sampler"]),
        pruning=Pruning(Named.from_json(pruning["pruner"]), pruning["metric"], pruning["direction"]),
        budget=Budget(**document["budget"]),
        final=Final(**document["final"]),
        executor=Named.from_json(document["executor"]),
        storage=document["storage"],
        artifacts=Artifacts(**{**artifacts, "export": tuple(artifacts["export"])}),
        checkpoint_seconds=document["checkpoint_seconds"],
        epoch_samples=document.get("epoch_samples", 0),  # before there were parts, an epoch was a pass
        seed=document["seed"],
        base=document.get("base", ""),
    )


def difference(old: StudyConfig, new: StudyConfig) -> tuple[Change, ...]:
    """List what differs, in the order of the document.

    Objectives, the pruner's metric and the epochs that one of the two leaves open are no difference.
    """
    old, new = replace(old, base=""), replace(new, base="")
    before, after = _said(old, new), _said(new, old)
    one, other = dict(_leaves(to_json(before), "")), dict(_leaves(to_json(after), ""))
    paths = dict.fromkeys((*one, *other))
    return tuple(
        Change(path, one.get(path), other.get(path), _safe(path) or _is_file(path, one.get(path), other.get(path)))
        for path in paths
        if one.get(path) != other.get(path) or (path in one) != (path in other)
    )


def as_begun(config: StudyConfig, begun: StudyConfig) -> StudyConfig:
    """Return a definition with the epochs of the study on record, where it leaves them open."""
    epochs = config.budget.epochs or begun.budget.epochs
    return replace(config, budget=replace(config.budget, epochs=epochs))


def _said(config: StudyConfig, other: StudyConfig) -> StudyConfig:
    """Fill in what the other says of what is left open: objectives, epochs, the metric of a pruner that compares it."""
    pruning, objectives = config.pruning, config.objectives or other.objectives
    if not pruning.metric and len(objectives) == 1 and objectives[0].metric in METRIC_DIRECTIONS:
        pruning = replace(pruning, metric=objectives[0].metric, direction=objectives[0].direction)
    return replace(as_begun(config, other), objectives=objectives, pruning=pruning)


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping) or "type" in value:  # a dimension is one value
        yield path, value
        return
    for key, below in value.items():
        yield from _leaves(below, f"{path}.{key}" if path else str(key))


def _is_file(path: str, before: object, after: object) -> bool:
    """Tell whether a setting of the task is the path of a file, which may move: samples are compared by their hash."""
    paths = all(isinstance(value, str) and os.path.isabs(value) for value in (before, after))
    return paths and path.startswith("task.task.settings.")


def _safe(path: str) -> bool:
    return path.partition(".")[0] in SAFE and path not in UNSAFE
