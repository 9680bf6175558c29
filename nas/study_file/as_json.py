"""A `StudyConfig` as JSON for the record, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.redaction import redacted
from search_spaces.candidate import Named
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace
from workers.messages import Split, TaskSpec


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
        "storage": redacted(config.storage),
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
