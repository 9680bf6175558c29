"""What was done to the data, as lines for people: each column, the classes, and what should be looked at."""

from collections.abc import Iterator, Sequence

from nas.cli.output import words
from workers.messages import Column, TaskInfo

ALL = 100
"""Columns that are shown to who asks for them; a run shows `FEW`."""
FEW = 12

_NAME = 40
_CLASSES = 12


def lines(task: TaskInfo, most: int) -> list[str]:
    """Say what was done to the data, a line each; of the columns at most so many, and what the others are in one."""
    return [*_target(task), *_columns(task, most), *(f"warning: {text}" for text in warnings(task, most))]


def warnings(task: TaskInfo, most: int) -> list[str]:
    """Say what should be looked at: at most so many columns."""
    columns = [f"column {_shown(column.name)} {_plain(column.warning)}" for column in task.columns if column.warning]
    more = (
        [f"{len(columns) - most} further columns need a look: nas show says so with --json"]
        if most < len(columns)
        else []
    )
    return [*map(_plain, task.warnings), *columns[:most], *more]


def _target(task: TaskInfo) -> Iterator[str]:
    if task.target:
        yield f"target: {_plain(task.target)}"
    if task.class_counts:
        yield f"classes: {_balance(task)}"
    if any(task.duplicates):
        validation, test = task.duplicates
        yield f"duplicates: {validation:,} validation and {test:,} test samples are training samples too"


def _balance(task: TaskInfo) -> str:
    """Say how the samples are spread over the classes, the largest first."""
    counted = sorted(zip(task.class_counts, task.classes, strict=True), key=lambda item: -item[0])
    total = sum(task.class_counts) or 1
    shown = [f"{_shown(name)} {count / total:.1%} ({count:,})" for count, name in counted[:_CLASSES]]
    if len(counted) > _CLASSES:
        rest = counted[_CLASSES:]
        shown.append(f"{words.counted(len(rest), 'other')} of {rest[-1][0]:,} to {rest[0][0]:,} samples")
    return ", ".join(shown)


def _columns(task: TaskInfo, most: int) -> Iterator[str]:
    shown, rest = task.columns[:most], task.columns[most:]
    width = min(_NAME, max((len(_shown(column.name)) for column in shown), default=0))
    for column in shown:
        noun = "array" if column.kind == "array" else "column"
        yield f"{noun} {_shown(column.name):<{width}}  {_told(column)}"
    if rest:
        yield f"and {words.counted(len(rest), 'further column')}: {_summed(rest)}"


def _told(column: Column) -> str:
    """Say what one column is."""
    kept = f"{column.kept} of {words.counted(column.values, 'category').replace('categorys', 'categories')} kept"
    unknown = f", {column.unknown:,} training samples unknown" if column.unknown else ""
    kind = f"{column.kind} ({_plain(column.inferred)})" if column.inferred else column.kind
    parts = [
        _plain(column.inferred) if column.kind == "array" else kind,
        kept + unknown if column.kind == "category" else "",
        f"{column.missing:,} missing" if column.missing else "",
        "" if column.kind == "category" else column.scaling,
        f"→ {words.counted(column.inputs, 'input')}" if column.inputs else "",
    ]
    return ", ".join(part for part in parts[:-1] if part) + (f" {parts[-1]}" if parts[-1] else "")


def _summed(columns: Sequence[Column]) -> str:
    kinds = {column.kind: sum(other.kind == column.kind for other in columns) for column in columns}
    missing = sum(column.missing > 0 for column in columns)
    gaps = [f"{missing:,} with missing cells"] if missing else []
    return ", ".join([*(f"{count:,} {kind}" for kind, count in kinds.items()), *gaps])


def _shown(name: str) -> str:
    """Write a name from a file so that it cannot do anything to a terminal."""
    plain = _plain(name)
    return plain if len(plain) <= _NAME else f"{plain[: _NAME - 1]}…"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
