"""JSON Schema (draft 2020-12) of a study file, for editors; `python -m nas.study_file.json_schema` writes it anew."""

import json
from pathlib import Path
from typing import Any

from nas.executors import EXECUTORS
from nas.pruners import PRUNERS
from nas.samplers import SAMPLERS
from nas.study_file.menus import MenuChoice, choice_of
from nas.study_file.name import PATTERN
from nas.study_file.objectives import COMPARED, MEASURES
from search_spaces.space_file.json_schema import Schema, definitions, reference, settings_schema
from search_spaces.space_file.load import library
from workers.exporters import EXPORTERS
from workers.metric_names import LOSSES
from workers.tasks import TASKS

PATH = Path(__file__).with_name("study.schema.json")

_SEED: Schema = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
_COUNT: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9.]+ ?[kKMG]?$"}]}
_DURATION: Schema = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^([0-9.]+ ?(ms|s|m|min|h|d) ?)+$"}]
}


def schema() -> Schema:
    """Return the schema of a study file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A study: one search for a neural network",
        **_object({**_task_properties(), **_search_properties(), **_run_properties()}),
        "required": ["name", "task", "space"],
        "$defs": definitions(),
    }


def text() -> str:
    """Return the schema as it is shipped: in one line, since editors read it and people read docs/study-file.md."""
    return json.dumps(schema(), separators=(",", ":"), ensure_ascii=False) + "\n"


def write(path: Path = PATH) -> None:
    """Write the schema to its file."""
    path.write_text(text(), "utf-8")


def _task_properties() -> dict[str, Schema]:
    share: Schema = {"type": "number", "minimum": 0.001, "maximum": 0.9}
    return {
        "name": {
            "type": "string",
            "pattern": f"^{PATTERN.pattern}$",
            "description": "what the study is called",
        },
        "task": {**_named(choice_of(TASKS)), "description": "which samples to learn"},
        "split": _object({"validation": share, "test": share, "seed": _SEED}),
        "loss": {"enum": [loss for losses in LOSSES.values() for loss in losses]},
        "space": {"anyOf": [{"enum": list(library())}, {"type": "string", "pattern": r"\.yaml$"}, reference("space")]},
    }


def _search_properties() -> dict[str, Schema]:
    objective: Schema = {"enum": [f"{way} {name}" for name in MEASURES for way in ("maximize", "minimize")]}
    ways = [f"{way} {name}" for name in COMPARED for way in ("maximize", "minimize")]
    compared: Schema = {"enum": [*COMPARED, *ways]}
    pruner = _named(choice_of(PRUNERS), {"metric": compared})
    return {
        "objective": objective,
        "objectives": {"type": "array", "items": objective, "minItems": 1, "maxItems": 5, "uniqueItems": True},
        "constraints": {"type": "array", "items": reference("expression"), "description": "on finished trials"},
        "limits": reference("limits"),
        "sampler": _named(choice_of(SAMPLERS)),
        "pruner": pruner,
        "seed": _SEED,
    }


def _run_properties() -> dict[str, Schema]:
    formats: Schema = {"enum": list(EXPORTERS.names())}
    return {
        "budget": _object(
            {
                "trials": _COUNT,
                "epochs": _COUNT,
                "total_epochs": _COUNT,
                "time": _DURATION,
                "target": {"type": "number"},
                "patience": _COUNT,
            }
        ),
        "training": _object({"checkpoint_seconds": _DURATION, "epoch_samples": _COUNT}),
        "final": _object({"seeds": _COUNT, "top": _COUNT, "epochs": _COUNT, "ensemble": {"type": "boolean"}}),
        "executor": _named(choice_of(EXECUTORS)),
        "storage": {"type": "string", "description": "URL of a database; ${NAME} is an environment variable"},
        "artifacts": _object(
            {"folder": {"type": "string"}, "keep": _COUNT, "export": {"type": "array", "items": formats}}
        ),
    }


def _object(properties: dict[str, Any]) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _named(offer: MenuChoice, besides: dict[str, Schema] | None = None) -> Schema:
    entries = {name: settings_schema(offer.settings(name)) for name in offer.names}
    alone = [name for name, settings in entries.items() if "required" not in settings]
    several = {"minProperties": 1, "maxProperties": 1 + len(besides or {})}
    return {"anyOf": [{"enum": alone}, {**_object({**entries, **(besides or {})}), **several}]}


if __name__ == "__main__":
    write()
