"""Ops: one file a kind of layer, with its shapes, parameters, FLOPs and memory; no torch."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from search_spaces.ops.protocol import Op
from search_spaces.registry import Menu

OPS = Menu("search_spaces.ops", "op")


def name_of(op: Op) -> str:
    """Return the name of an op's kind: its file."""
    return type(op).__module__.rpartition(".")[2]


def settings_of(op: Op) -> dict[str, Any]:
    """Return the fields of an op and their values."""
    return {item.name: getattr(op, item.name) for item in fields(op)}  # type: ignore[arg-type]


def op_to_json(op: Op) -> dict[str, Any]:
    """Return plain JSON values: the op's name and its fields; ops inside it as lists."""
    plain = {
        key: [op_to_json(inner) for inner in value] if isinstance(value, tuple) else value
        for key, value in settings_of(op).items()
    }
    return {"op": name_of(op), **plain}


def op_from_json(document: Mapping[str, Any]) -> Op:
    """Undo `op_to_json`."""
    plain = {
        key: tuple(op_from_json(inner) for inner in value) if isinstance(value, list) else value
        for key, value in document.items()
        if key != "op"
    }
    made: Op = OPS.load(document["op"])(**plain)
    return made
