"""Consoles: standard output for what was asked for, standard error for everything else."""

import json
import math
import sys
from collections.abc import Mapping
from datetime import datetime

from rich.table import Table
from rich.text import Text

from nas.cli.output.escaping import Console

_PIPE_WIDTH = 10_000
"""In a pipe or a file no line is broken, and no column left out."""


def out() -> Console:
    """Return standard output; in a pipe no line is broken for want of a terminal's width."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def err() -> Console:
    """Return standard error, as it is now: what a trial of this process prints later goes elsewhere."""
    return Console(file=sys.stderr, highlight=False)


def print_json(document: object) -> None:
    """Print one JSON document as one line; what is not a finite number becomes null."""
    sys.stdout.write(json.dumps(plain(document), allow_nan=False) + "\n")
    sys.stdout.flush()


def plain(value: object) -> object:
    """Return a value as JSON holds it."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return value.isoformat()
    return value


def table(*columns: str) -> Table:
    """Return an empty table in the one style; a column whose name starts with `#` holds numbers."""
    from rich import box

    result = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        right = column.startswith("#")
        result.add_column(column.removeprefix("#"), justify="right" if right else "left", overflow="fold")
    return result


def facts(rows: Mapping[str, object]) -> Text:
    """Return names and values, a line each; several values are lines below each other, empty ones are left out."""
    told = {name: value if isinstance(value, list | tuple) else [value] for name, value in rows.items()}
    kept = {name: found for name, values in told.items() if (found := [v for v in values if v not in ("", None)])}
    width = max(map(len, kept), default=0)
    lines = [
        Text.assemble(((name if first else "").ljust(width), "dim"), "  ", str(value))
        for name, values in kept.items()
        for first, value in zip((True, *[False] * len(values)), values, strict=False)
    ]
    return Text("\n").join(lines)
