"""Column types of a table: numbers, dates, categories, or texts and identifiers that are left out."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workers.errors import TaskError
from workers.messages import Column
from workers.tables.cells import number_of
from workers.tasks._files import Table
from workers.tasks._notations import (
    SIGNS,
    Decimal,
    Found,
    chosen,
    how_read,
    is_date,
    looks_like_date,
    looks_like_number,
    notation_text,
    notations,
    plain,
)
from workers.tasks.protocol import Notation

FEW = 20
"""A column of texts with at most so many different ones is always taken for categories."""
SAME = "used, although every row has the same value"
"""A warning. Like each of them it goes on after "column x is" as well as after "3 columns are", so that columns with
the same one are told together; the column's name in it stands in brackets."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Declarations of columns by the user."""

    numeric: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    decimal: Decimal = "auto"
    missing: frozenset[str] = frozenset()
    """What stands for a missing cell, in small letters."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Columns with the types they were taken for."""

    columns: tuple[Column, ...]
    notations: dict[str, Notation] = field(default_factory=dict)
    """Of the columns of numbers that have one of their own."""

    def of_kind(self, *kinds: str) -> frozenset[str]:
        """Return the names of the columns of these kinds."""
        return frozenset(column.name for column in self.columns if column.kind in kinds)


def columns_taken(tables: list[Table], names: Collection[str], declared: Declared) -> Taken:
    """Return what each column is; raise `TaskError` where that is unclear or not what was declared."""
    counts = {name: _counts(tables, name, declared) for name in names}
    found = {
        name: Found(()) if name in declared.categorical or plain(count) else notations(count, declared.decimal)
        for name, count in counts.items()
    }
    decimal = _usual_decimal(found.values(), declared)
    rows = sum(len(table.lines) for table in tables)
    columns: list[Column] = []
    read: dict[str, Notation] = {}
    for name, count in counts.items():
        gaps = rows - count.total()
        if name in declared.categorical:
            columns.append(Column(name, "category", "declared", missing=gaps))
        elif plain(count):
            columns.append(_of_numbers(tables, name, count, gaps, declared))
        elif found[name].notations:
            read[name] = _notation(tables, name, found[name], decimal)
            columns.append(_of_notation(name, read[name], gaps))
        elif odd := _odd_ones(count, declared):
            raise _odd_cell(tables, name, *odd, declared)
        elif name in declared.numeric or _mostly_numbers(count):
            raise not_a_number(tables, name, declared, _said_of(name, declared))
        else:
            columns.append(_of_texts(name, count, gaps))
    return Taken(tuple(columns), read)


def target_notation(tables: list[Table], name: str, declared: Declared) -> Notation | None:
    """Return the notation in which all cells of the target are numbers, None if they are texts."""
    count = _counts(tables, name, declared)
    if plain(count):
        return {}
    found = notations(count, declared.decimal)
    return _notation(tables, name, found, _usual_decimal((), declared)) if found.notations else None


def not_a_number(tables: list[Table], name: str, declared: Declared, setting: str, hint: str = "") -> TaskError:
    """Return what to raise for the first cell of a column of numbers that is none; `setting` says that it is one."""
    for table in tables:
        for line, cell in zip(table.lines, table.columns[name], strict=True):
            if cell.lower() not in declared.missing and number_of(cell, {}) is None:
                said = f"column {name!r} holds numbers, got {cell!r} ({hint or _ways_out(name, cell)})"
                return TaskError(f"{table.path}:{line}: {said}", setting)
    raise AssertionError(name)


def _odd_ones(count: "Counter[str]", declared: Declared) -> "tuple[Notation, set[str]] | None":
    """Return the notation of all cells but some, and these, where at least half of the rows have it."""
    odd = {cell for cell in count if not looks_like_number(cell) and not is_date(cell)}
    usual = set(count) - odd
    if not odd or 2 * sum(count[cell] for cell in usual) < count.total():
        return None
    found = notations(usual, declared.decimal)
    return (found.notations[0], odd) if found.notations and not plain(usual) else None


def _odd_cell(tables: list[Table], name: str, notation: Notation, odd: set[str], declared: Declared) -> TaskError:
    """Return what to raise for the first cell that is not in the notation of its column."""
    for table in tables:
        for line, cell in zip(table.lines, table.columns[name], strict=True):
            if cell in odd:
                said = f"column {name!r} holds {notation_text(notation)}, got {cell!r} ({_ways_out(name, cell)})"
                return TaskError(f"{table.path}:{line}: {said}", _said_of(name, declared))
    raise AssertionError(name)


def _said_of(name: str, declared: Declared) -> str:
    """Return the setting that says that a column holds numbers, empty where its cells do."""
    return "numeric" if name in declared.numeric else ""


def _ways_out(name: str, cell: str) -> str:
    return f"if it holds categories, say categorical: [{name}]; if it marks missing cells, missing: [{cell}]"


def is_code(cells: Collection[str]) -> bool:
    """Return whether whole numbers are codes: some begin with zeros that a number has not."""
    return any(len(cell) > 1 and cell[0] == "0" for cell in cells) and all(map(str.isdigit, cells))


def _counts(tables: list[Table], name: str, declared: Declared) -> "Counter[str]":
    """Count the different cells that are not missing."""
    counts = Counter(cell for table in tables for cell in table.columns[name])
    for cell in [cell for cell in counts if cell.lower() in declared.missing]:
        del counts[cell]
    return counts


def _usual_decimal(found: Collection[Found], declared: Declared) -> str:
    """Return the decimal sign of the file, as the columns show that leave no doubt; empty where none does."""
    if declared.decimal != "auto":
        return declared.decimal
    sure = {item.notations[0].get("decimal") for item in found if item.notations and not item.ambiguous} - {None}
    return next((name for name, sign in SIGNS.items() if sure == {sign}), "")


def _notation(tables: list[Table], name: str, found: Found, decimal: str) -> Notation:
    notation = chosen(found, decimal)
    if notation is None:
        cell = next(cell for cell in tables[0].columns[name] if "," in cell)
        raise TaskError(
            f"{tables[0].path}: column {name!r} holds numbers such as {cell!r}, and nothing tells whether the comma is "
            "a decimal sign or stands between thousands; say decimal: comma or decimal: point",
            "decimal",
        )
    return notation


def _of_numbers(tables: list[Table], name: str, count: "Counter[str]", gaps: int, declared: Declared) -> Column:
    inferred = "declared" if name in declared.numeric else "all cells are numbers" if count else "no cell has a value"
    warning = ""
    if len(count) == 1 and not gaps:
        warning = SAME
    elif not count:
        return Column(name, "left out", inferred, missing=gaps, warning="left out: no row has a value")
    elif is_code(count):
        warning = f"used as numbers, although they begin with zeros, as codes do (else say categorical: [{name}])"
    elif _is_identifier(count, gaps):
        warning = (
            "used as numbers, although each row has another whole number, like an identifier or a time stamp "
            f"(else say ignore: [{name}])"
        )
    return Column(name, "number", inferred, missing=gaps, warning=warning)


def _is_identifier(count: Mapping[str, int], gaps: int) -> bool:
    unique = len(count) >= FEW and not gaps and max(count.values()) == 1
    return unique and all(cell.lstrip("-").isdigit() for cell in count)


def _of_notation(name: str, notation: Notation, gaps: int) -> Column:
    kind: Literal["date", "number"] = "date" if notation.get("date") else "number"
    else_say = f" (else say ignore: [{name}])" if kind == "date" else ""
    return Column(name, kind, notation_text(notation), missing=gaps, warning=f"{how_read(notation)}{else_say}")


def _of_texts(name: str, count: "Counter[str]", gaps: int) -> Column:
    """Take repeated texts for categories, and leave out those that differ in most rows."""
    dates = sum(map(looks_like_date, count)) > 0.9 * len(count)
    numbers = not dates and sum(map(looks_like_number, count)) > 0.5 * len(count)
    noun = "dates or times" if dates else "numbers in another notation" if numbers else "texts"
    if len(count) > max(FEW, count.total() / 2):
        noun = noun if noun != "texts" or _has_words(count) else "identifiers"
        inferred = f"{noun}, {len(count):,} different ones in {count.total():,} rows"
        warning = f"left out: {noun} that differ in most rows ({_way_out(noun, name)})"
        return Column(name, "left out", inferred, missing=gaps, warning=warning)
    doubt = f"taken for categories, although they look like {noun} ({_way_out(noun, name)})"
    warning = SAME if len(count) == 1 and not gaps else doubt if noun != "texts" else ""
    return Column(name, "category", "texts that recur", missing=gaps, warning=warning)


def _way_out(noun: str, name: str) -> str:
    ways = {
        "dates or times": "write dates as 2024-01-31 or as numbers; else",
        "numbers in another notation": "write numbers as 1234.5; else",
        "texts": "turn them into numbers first, such as counts of words; else",
    }
    return f"{ways.get(noun, 'else')} say categorical: [{name}] or ignore: [{name}]".removeprefix("else ")


def _has_words(cells: Collection[str]) -> bool:
    """Return whether texts are sentences rather than names or codes: half of them have several words."""
    return sum(bool(re.search(r"\w\W+\w+\W+\w", cell)) for cell in cells) * 2 > len(cells)


def _mostly_numbers(count: "Counter[str]") -> bool:
    numbers = sum(times for cell, times in count.items() if number_of(cell, {}) is not None)
    return numbers * 2 >= count.total() > 0
