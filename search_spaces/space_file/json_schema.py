"""The JSON Schema (draft 2020-12) of a search space, made from what families, optimizers and schedules declare."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from search_spaces.families import FAMILIES
from search_spaces.hyperparameters import Hyperparameter
from search_spaces.space.names import architecture_of
from search_spaces.space.recipes import opened_by
from search_spaces.space_file.space import keys_of

Schema = dict[str, Any]

_NUMBER = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?[kMG]?"
RANGE: Schema = {
    "type": "string",
    "description": "a range: 1..6, 1e-4..1e-1 log or 16..128 step 16",
    "pattern": rf"^\s*{_NUMBER}\s*\.\.\s*{_NUMBER}(\s+log|\s+step\s+{_NUMBER})?\s*$",
}
EXPRESSION: Schema = {"type": "string", "minLength": 1, "maxLength": 1000, "description": "such as depth >= 3"}


def definitions() -> dict[str, Schema]:
    """Return the parts that the schema of a space refers to."""
    spaces = {f"space-{family}": _family(family) for family in FAMILIES.names()}
    return {**spaces, **_recipe(), "range": RANGE, "expression": EXPRESSION, "limits": _limits(), "space": _space()}


def value_schema(hyper: Hyperparameter) -> Schema:
    """Describe one value of a hyper-parameter."""
    if hyper.kind is bool:
        return {"type": "boolean"}
    if hyper.is_list:
        return {"anyOf": [{"type": "array", "items": {"type": ["string", "number"]}}, {"type": "string"}]}
    if hyper.kind is str:
        return {"type": "string", "enum": list(hyper.options)} if hyper.options else {"type": "string"}
    low = {"exclusiveMinimum" if hyper.open_low else "minimum": hyper.low} if hyper.low > -math.inf else {}
    high = {"maximum": hyper.high} if hyper.high < math.inf else {}
    return {"type": "integer" if hyper.kind is int else "number", **low, **high}


def settings_schema(hypers: Iterable[Hyperparameter]) -> Schema:
    """Describe the settings of a menu's entry, none of which is a dimension."""
    declared = list(hypers)
    known = {hyper.name: {**value_schema(hyper), **_said(hyper)} for hyper in declared}
    required = [hyper.name for hyper in declared if hyper.required]
    kind: Schema = {"type": "object", "required": required} if required else {"type": ["object", "null"]}
    return {**kind, "properties": known, "additionalProperties": False}


def reference(name: str) -> Schema:
    """Point to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def _said(hyper: Hyperparameter) -> Schema:
    return {"description": hyper.doc, **({} if hyper.required else {"default": hyper.default})}


def _space() -> Schema:
    """Describe a mapping whose family decides what else it may have."""
    families = list(FAMILIES.names())
    return {
        "type": "object",
        "required": ["family"],
        "properties": {"family": {"enum": families}},
        "allOf": [
            {"if": {"properties": {"family": {"const": family}}}, "then": reference(f"space-{family}")}
            for family in families
        ],
    }


def _limits() -> Schema:
    count: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^[0-9.]+ ?[kKMG]?$"}]}
    size: Schema = {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^[0-9.]+ ?[kKMG]i?B$"}]
    }
    limits = {
        "parameters": {**count, "description": "the most parameters a network may have, such as 200k"},
        "flops": {**count, "description": "the most FLOPs of a forward pass of one sample, such as 2M"},
        "memory": {**size, "description": "the most memory for activations of one sample, such as 64MB"},
    }
    return {"type": "object", "properties": limits, "additionalProperties": False}


def _family(family: str) -> Schema:
    siblings = tuple(architecture_of(family).values())
    own = {
        "name": {"type": "string", "description": "what the space is called"},
        "family": {"const": family, "description": FAMILIES.describe(family)},
        "constraints": {"type": "array", "items": reference("expression"), "description": "between dimensions"},
        "limits": reference("limits"),
    }
    shaping = {hyper.name: _dimension(hyper, siblings) for hyper in siblings}
    keys = {**shaping, **{key: reference(f"recipe-{key}") for key in keys_of(family) if key not in shaping}}
    return {"type": "object", "properties": {**own, **keys}, "required": ["family"], "additionalProperties": False}


def _recipe() -> dict[str, Schema]:
    """Describe what every family's space may say about training."""
    family = FAMILIES.names()[0]
    keys = {key: hyper for key, hyper in keys_of(family).items() if key not in architecture_of(family)}
    return {f"recipe-{key}": _dimension(hyper, ()) for key, hyper in keys.items()}


def _dimension(hyper: Hyperparameter, siblings: tuple[Hyperparameter, ...]) -> Schema:
    value = value_schema(hyper)
    numbers = [reference("range")] if hyper.kind in (int, float) else []
    choice: Schema = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
    options = [_options(hyper, siblings)] if hyper.kind is str and hyper.options else []
    sampled = [choice, *options, *numbers]
    anew = {"each": {"anyOf": [value, choice, *numbers, _wrapped({}, choice, numbers)]}} if hyper.each else {}
    return {"anyOf": [value, *sampled, _wrapped(anew, {"anyOf": [choice, *options]}, numbers)], **_said(hyper)}


def _wrapped(anew: Mapping[str, Schema], choice: Schema, numbers: list[Schema]) -> Schema:
    inner = {**anew, "choice": choice, **({"range": numbers[0]} if numbers else {})}
    return {
        "type": "object",
        "properties": {**inner, "when": reference("expression")},
        "oneOf": [{"required": [key]} for key in inner],
        "additionalProperties": False,
    }


def _options(hyper: Hyperparameter, siblings: tuple[Hyperparameter, ...]) -> Schema:
    opened = {}
    for option in hyper.options:
        children = opened_by(hyper.name, option, siblings)
        known = {child.name: _dimension(child, ()) for child in children}
        opened[option] = {"type": ["object", "null"], "properties": known, "additionalProperties": False}
    return {"type": "object", "properties": opened, "minProperties": 1, "additionalProperties": False}
