"""YAML writer: values in the few forms that the strict reader knows, and a `SearchSpace` as its document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.candidate import Scalar
from search_spaces.dimensions import Choice, Dimension, Float
from search_spaces.documents.parser import plain_scalar
from search_spaces.space import SearchSpace
from search_spaces.space.recipes import MENUS

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./<>=()*+ -")
"""What a text may consist of to be written without quotes."""
WIDTH = 100
"""A mapping that would make a longer line is written in a block."""


def to_yaml(document: Mapping[str, Any]) -> str:
    """Write a document: mappings of mappings, and long ones, in blocks; everything within in one line."""
    return "".join(f"{line}\n" for line in _lines(document, ""))


def _lines(document: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in document.items():
        line = f"{indent}{_text(key)}: {_flow(value)}"
        nested = isinstance(value, Mapping) and any(isinstance(below, Mapping) for below in value.values())
        if isinstance(value, Mapping) and value and (nested or len(line) > WIDTH):
            yield f"{indent}{_text(key)}:"
            yield from _lines(value, f"{indent}  ")
        else:
            yield line


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_flow(below)}' for key, below in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    safe = text and set(text) <= PLAIN and text == text.strip() and text[0].isalnum() and plain_scalar(text) == text
    if safe:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


def space_document(space: SearchSpace) -> dict[str, Any]:
    """Return the document of a space: dimensions in the order they are sampled, then what is fixed."""
    document: dict[str, Any] = {"name": space.name, "family": space.family}
    for name in (*space.dimensions, *space.fixed):
        head, *rest = name.split(".")
        if head in MENUS:
            document[head] = _of_menu(space, head)
        elif not rest:
            document[head] = _written(space, name)
        elif rest == ["0"]:
            document[head] = _each(space, name)
    if space.constraints:
        document["constraints"] = [constraint.text for constraint in space.constraints]
    limits = {name: limit for name, limit in space.limits.to_json().items() if limit}
    return {**document, **({"limits": limits} if limits else {})}


def _of_menu(space: SearchSpace, menu: str) -> object:
    """Write an optimizer or schedule with the settings that each of its options opens."""
    dimension = space.dimensions.get(menu)
    options = dimension.options if isinstance(dimension, Choice) else (space.fixed.get(menu),)
    opened: dict[str, dict[str, object]] = {str(option): {} for option in options}
    for name in (*space.dimensions, *space.fixed):
        head, *rest = name.split(".")
        if head == menu and rest and rest[0] in opened:
            opened[rest[0]][rest[1]] = _written(space, name)
    written = opened if any(opened.values()) else list(opened) if dimension else next(iter(opened))
    when = dimension.when if dimension else None
    return {"choice": written, "when": when.text} if when else written


def _written(space: SearchSpace, name: str) -> object:
    dimension = space.dimensions.get(name)
    if dimension is None:
        return space.fixed[name]
    if dimension.when is None:
        return dimension_document(dimension)
    form = "choice" if isinstance(dimension, Choice) else "range"
    return {form: dimension_document(dimension), "when": dimension.when.text}


def _each(space: SearchSpace, first: str) -> dict[str, object]:
    dimension = space.dimensions[first]
    when = {"when": dimension.when.text} if dimension.when else {}
    return {"each": dimension_document(dimension), **when}


def dimension_document(dimension: Dimension) -> str | list[Scalar]:
    """Write the values of a dimension exactly as they can be read again."""
    if isinstance(dimension, Choice):
        return list(dimension.options)
    step = (
        f" step {dimension.step!r}" if dimension.step and (isinstance(dimension, Float) or dimension.step > 1) else ""
    )
    return f"{dimension.low!r}..{dimension.high!r}{' log' if dimension.log else step}"
