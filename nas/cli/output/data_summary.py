"""Summary of the data for people: what was made of each column, the classes, and what to look at."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nas.cli.output import humanize
from workers.messages import Column, TaskInfo

ALL = 100
"""Columns that a terminal shows to who asks for them; a run shows `FEW`."""
FEW = 12

_NAME = 40
_NAMES = 8
"""Names of columns in one warning, where not all are shown."""
_CLASSES = 12
_PLURALS = {"number": "numbers", "date": "dates", "category": "categories", "left out": "left out", "array": "arrays"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Part of the summary that a terminal has room for: the number of columns, and the command that shows all."""

    columns: int
    command: str


def lines(task: TaskInfo, cut: Cut | None = None) -> list[str]:
    """Return what was done to the data, a line each; the columns beyond a cut are summed up in one."""
    return [*_target(task), *_columns(task, cut), *(f"warning: {text}" for text in warnings(task, cut))]


def warnings(task: TaskInfo, cut: Cut | None = None) -> list[str]:
    """Return what should be looked at, the gravest first; columns that have the same warning are told together."""
    alike: dict[str, list[str]] = {}
    for column in sorted((column for column in task.columns if column.warning), key=_gravity):
        alike.setdefault(column.warning.replace(f"[{column.name}]", "[…]"), []).append(column.name)
    one = {column.name: column.warning for column in task.columns}
    joint = [
        f"column {_shown(names[0])} is {_plain(one[names[0]])}"
        if len(names) == 1
        else f"{len(names):,} columns are {_plain(text)}: {_listed(names, cut)}"
        for text, names in alike.items()
    ]
    return [*map(_plain, task.warnings), *joint]


def _gravity(column: Column) -> int:
    """Put columns that are lost first, and last those that were merely read in another notation."""
    return 0 if column.kind == "left out" else 2 if column.warning.startswith("read ") else 1


def _listed(names: Sequence[str], cut: Cut | None) -> str:
    shown = names if cut is None else names[:_NAMES]
    return ", ".join([*map(_shown, shown), *(["…"] if len(shown) < len(names) else [])])


def _target(task: TaskInfo) -> Iterator[str]:
    if task.target:
        yield f"target: {_plain(task.target)}"
    if task.class_counts:
        yield f"classes: {_balance(task)}"
    if any(task.duplicates):
        validation, test = task.duplicates
        yield (
            f"duplicates: {validation:,} of the validation samples are training samples too, "
            f"{test:,} of the test samples training or validation samples"
        )


def _balance(task: TaskInfo) -> str:
    """Return how the samples are spread over the classes, the largest first."""
    counted = sorted(zip(task.class_counts, task.classes, strict=True), key=lambda item: -item[0])
    total = sum(task.class_counts) or 1
    shown = [f"{_shown(name)} {count / total:.1%} ({count:,})" for count, name in counted[:_CLASSES]]
    if len(counted) > _CLASSES:
        rest = counted[_CLASSES:]
        shown.append(f"{humanize.counted(len(rest), 'other')} of {rest[-1][0]:,} to {rest[0][0]:,} samples")
    return ", ".join(shown)


def _columns(task: TaskInfo, cut: Cut | None) -> Iterator[str]:
    most = len(task.columns) if cut is None else cut.columns
    shown, rest = task.columns[:most], task.columns[most:]
    width = min(_NAME, max((len(_shown(column.name)) for column in shown), default=0))
    for column in shown:
        noun = "array" if column.kind == "array" else "column"
        yield f"{noun} {_shown(column.name):<{width}}  {_column_text(column)}"
    if rest and cut:
        yield (
            f"and {humanize.counted(len(rest), 'more column')}: {_summed(rest)} "
            f"(all {len(task.columns):,} columns: {cut.command})"
        )


def _column_text(column: Column) -> str:
    """Return what one column is."""
    kept = f"{column.kept:,} of {humanize.counted(column.values, 'category', 'categories')} kept"
    unknown = f", {column.unknown:,} training samples unknown" if column.unknown else ""
    kind = f"{column.kind} ({_plain(column.inferred)})" if column.inferred else column.kind
    parts = [
        _plain(column.inferred) if column.kind == "array" else kind,
        kept + unknown if column.kind == "category" else "",
        f"{column.missing:,} missing" if column.missing else "",
        "" if column.kind == "category" else column.scaling,
        f"→ {humanize.counted(column.inputs, 'input')}" if column.inputs else "",
    ]
    return ", ".join(part for part in parts[:-1] if part) + (f" {parts[-1]}" if parts[-1] else "")


def _summed(columns: Sequence[Column]) -> str:
    """Return what columns are: `3 numbers, 2 categories, 1 left out; 4 of these have missing cells`."""
    kinds = Counter(column.kind for column in columns)
    told = [f"{count:,} {kind if count == 1 else _PLURALS[kind]}" for kind, count in kinds.items()]
    missing = sum(column.missing > 0 for column in columns)
    gaps = f"; {missing:,} of these {'has' if missing == 1 else 'have'} missing cells" if missing else ""
    return ", ".join(told) + gaps


def _shown(name: str) -> str:
    """Write a name from a file so that it cannot do anything to a terminal."""
    plain = _plain(name)
    return plain if len(plain) <= _NAME else f"{plain[: _NAME - 1]}…"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
