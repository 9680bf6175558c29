"""Your own table: a text file of numbers and categories, with missing cells, and the column to predict.

A cell that is empty or one of ?, NA, N/A, NaN, null is missing: a number is then the median of the training samples,
beside a column that says so. A missing category is a category of its own; one never seen in training is "unknown".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from search_spaces.documents.quantities import counted
from search_spaces.errors import nearest
from search_spaces.hyperparameters import file, flag, integer, names, option, required_file, required_text
from workers.errors import TaskError
from workers.metric_names import Kind
from workers.tables.cells import number_of
from workers.tasks._columns import FEW, Declared, Taken, columns_taken, is_code, not_a_number, target_notation
from workers.tasks._files import DELIMITERS, Table, read_table
from workers.tasks._labels import labels_in
from workers.tasks.protocol import KINDS, MISSING, Array, Notation, Samples, TableInputs

ENCODINGS = ("utf-8", "cp1252", "latin-1", "utf-16")


@dataclass(frozen=True, slots=True)
class Csv:
    """A table in a text file; gzip, bzip2 and xz too."""

    path: str = required_file("the file, relative to the study file")
    target: str = required_text("the column to predict")
    kind: str = option("auto", "what to predict", ("auto", "classification", "regression"))
    test: str = file("a second file, whose rows are the test samples")
    numeric: str | tuple[str, ...] = names("columns that hold numbers; others are told by their cells")
    categorical: str | tuple[str, ...] = names("columns that hold categories")
    ignore: str | tuple[str, ...] = names("columns to leave out")
    missing: str | tuple[str, ...] = names("further texts that mark a missing cell, such as -999")
    missing_target: str = option("drop", "what to do with rows without a target", ("drop", "refuse"))
    header: bool = flag(True, "the first line names the columns; else they are called 1, 2, 3, …")
    columns: str | tuple[str, ...] = names("what the columns of a file without a header are called")
    delimiter: str = option("auto", "what stands between cells", ("auto", *DELIMITERS))
    decimal: str = option("auto", "the decimal sign of numbers", ("auto", "point", "comma"))
    quotes: bool = flag(True, "cells may stand in double quotes")
    encoding: str = option("utf-8", "how the text is coded", ENCODINGS)
    max_categories: int = integer(64, "categories told apart in a column; rarer ones count as unknown", low=1)

    def samples(self) -> Samples:
        """Read the file, tell numbers from categories, and code the target."""
        if not self.path:
            raise TaskError("needs a file, got ''", "path")
        if not self.target:
            raise TaskError("needs the column to predict, got ''", "target")
        reading = self._reading()
        tables, warnings = self._tables(reading)
        kind, notation, target = self._kind(tables)
        taken = self._columns(tables)
        inputs = self._inputs(tables, taken, reading)
        counts = [len(part.lines) for part in tables]
        test = np.arange(counts[0], sum(counts)) if self.test else None
        known = Samples(
            kind, inputs, np.empty(0), test=test, columns=taken.columns, target=target, warnings=tuple(warnings)
        )
        if kind == "regression":
            return replace(known, targets=self._numbers(tables, notation))
        labels = [label for part in tables for label in part.columns[self.target]]
        names, codes = _classes(labels)
        if len(names) < 2:
            raise TaskError(f"{self.path}: the target {self.target!r} has one class alone, {names[0]!r}", "target")
        self._require_seen(tables, names, codes)
        return replace(known, targets=codes, classes=names, labels=labels_in(names))

    def _reading(self) -> dict[str, Any]:
        if self.columns and self.header:
            raise TaskError("the first line of the file names them; beside columns say header: false", "columns")
        sign = DELIMITERS.get(self.delimiter, "auto")
        rest = {"quotes": self.quotes, "header": self.header, "names": [], "optional": []}
        return {"delimiter": sign, "usual": ",", "encoding": self.encoding, **rest}

    def _tables(self, reading: dict[str, Any]) -> tuple[list[Table], list[str]]:
        """Read the files, without the rows that have no target; `reading` is completed for those who read more."""
        table = self._renamed(read_table(self.path, reading, "path"))
        if self.target not in table.columns:
            raise TaskError(f"{self.path}: no column {self.target!r}{_hint(table, self.target)}", "target")
        tables = [table]
        reading["usual"] = table.delimiter
        if not self.header:
            reading["names"] = list(table.columns)
        if self.test:
            tables.append(_reorder(read_table(self.test, reading, "test"), table))
        warnings: list[str] = []
        kept = [self._with_target(part, warnings) for part in tables]
        reading["optional"] = [] if self.header else [self.target]
        return kept, warnings

    def _renamed(self, table: Table) -> Table:
        """Call the columns of a file without a header what they are said to be called."""
        names = _listed(self.columns)
        if not names:
            return table
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise TaskError(f"{twice!r} is the name of two columns", "columns")
        if len(names) != len(table.columns):
            told = f"needs one name a column: {counted(len(table.columns), 'column')} in {table.path}, got {len(names)}"
            raise TaskError(told, "columns")
        return replace(table, columns=dict(zip(names, table.columns.values(), strict=True)))

    def _with_target(self, table: Table, warnings: list[str]) -> Table:
        cells = table.columns[self.target]
        missing = {row for row, cell in enumerate(cells) if cell.lower() in self._missing}
        if not missing:
            return table
        first = min(missing)
        place = f"{table.path}:{table.lines[first]}"
        if len(missing) == len(cells):
            raise TaskError(f"{table.path}: the target {self.target!r} is missing in every row", "target")
        if self.missing_target == "refuse":
            way = "to leave such rows out, say missing_target: drop"
            told = f"{place}: the target {self.target!r} is missing, got {cells[first]!r} ({way})"
            raise TaskError(told, "missing_target")
        rows = "1 row without a target is" if len(missing) == 1 else f"{len(missing):,} rows without a target are"
        file = "" if table.path == self.path else " of the test file"
        warnings.append(f"{rows} left out{file}, the first in line {table.lines[first]}")
        return table.without(missing)

    @property
    def _missing(self) -> frozenset[str]:
        return frozenset((*MISSING, *(mark.lower() for mark in _listed(self.missing))))

    @property
    def _declared(self) -> Declared:
        numeric, categorical = frozenset(_listed(self.numeric)), frozenset(_listed(self.categorical))
        return Declared(numeric, categorical, self.decimal, self._missing)  # type: ignore[arg-type]

    def _columns(self, tables: list[Table]) -> Taken:
        for field in ("numeric", "categorical", "ignore"):
            for name in _listed(getattr(self, field)):
                tables[0].require(name, field)
        declared, ignored = self._declared, frozenset(_listed(self.ignore))
        twice = (declared.numeric & declared.categorical) | (ignored & (declared.numeric | declared.categorical))
        for name in sorted(twice):
            where = "ignore" if name in ignored else "categorical"
            raise TaskError(f"column {name!r} is declared twice among numeric, categorical and ignore", where)
        names = [name for name in tables[0].columns if name != self.target and name not in ignored]
        return columns_taken(tables, names, declared)

    def _inputs(self, tables: list[Table], taken: Taken, reading: dict[str, Any]) -> TableInputs:
        used = [column for column in taken.columns if column.kind != "left out"]
        if not used:
            why = "; ".join(f"{column.name!r} is {column.warning}" for column in taken.columns[:3])
            told = f"{self.path}: no column is left to predict {self.target!r} from{f': {why}' if why else ''}"
            raise TaskError(told, "ignore" if self.ignore else "")
        columns = {column.name: [cell for table in tables for cell in table.columns[column.name]] for column in used}
        missing = tuple(sorted(self._missing))
        categorical = taken.of_kind("category")
        return TableInputs(columns, categorical, self.max_categories, taken.notations, missing, reading)

    def _kind(self, tables: list[Table]) -> tuple[Kind, Notation, str]:
        """Return what is predicted, in what notation, and why."""
        if self.kind == "classification":
            return "classification", {}, "classes, as declared"
        notation = target_notation(tables, self.target, self._declared)
        if self.kind in KINDS:
            return "regression", notation or {}, "numbers, as declared"
        cells = {cell for table in tables for cell in table.columns[self.target]}
        if notation is None:
            return "classification", {}, "classes: not all are numbers"
        if notation.get("date"):
            return "regression", notation, "numbers: dates, read as days since 1970"
        if is_code(cells):
            return "classification", {}, "classes: codes that begin with zeros"
        numbers = {number_of(cell, notation) for cell in cells}
        if len(numbers) <= FEW and all(float(number).is_integer() for number in numbers if number is not None):
            return "classification", {}, f"classes: at most {FEW} different whole numbers (else say kind: regression)"
        return "regression", notation, "numbers" if not notation else "numbers in another notation"

    def _numbers(self, tables: list[Table], notation: Notation) -> Array:
        cells = [cell for table in tables for cell in table.columns[self.target]]
        numbers = {cell: number_of(cell, notation) for cell in set(cells)}
        if None in numbers.values():
            hint = "if it holds classes, say kind: classification"
            raise not_a_number(tables, self.target, self._declared, "kind", hint)
        return np.array([numbers[cell] for cell in cells], np.float64)[:, None]

    def _require_seen(self, tables: list[Table], names: Sequence[str], codes: Array) -> None:
        """Refuse a class that only the test file has."""
        first = len(tables[0].lines)
        unseen = set(codes[first:].tolist()) - set(codes[:first].tolist())
        for row, code in enumerate(codes[first:].tolist()):
            if code in unseen:
                place = f"{tables[1].path}:{tables[1].lines[row]}"
                told = f"{place}: class {names[code]!r} stands only in the test file, so none can learn it"
                raise TaskError(told, "test")


def _listed(given: object) -> tuple[str, ...]:
    """Return names that were given as a list, or in one text with commas between."""
    if isinstance(given, str):
        return tuple(name.strip() for name in given.split(",") if name.strip())
    return tuple(given)  # type: ignore[arg-type]


def _hint(table: Table, target: str) -> str:
    """Return what may be meant; a first line of samples is no header."""
    names = tuple(table.columns)
    cells = [name for name in names if number_of(name, {}) is not None]
    if not cells:
        return nearest(target, names)
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    return (
        f": its first line, {shown!r}, looks like samples; a file without a header needs header: false, and columns: "
        f"[…] with {len(names)} names unless they shall be called 1 to {len(names)}"
    )


def _reorder(test: Table, table: Table) -> Table:
    for name in table.columns:
        test.require(name, "test")
    return replace(test, columns={name: test.columns[name] for name in table.columns})


def _classes(labels: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """Name the classes as the file does, in their order, and number the samples; 1 and 1.0 are one class."""
    written: dict[str, set[str]] = {}
    for label in dict.fromkeys(labels):
        written.setdefault(_short(label), set()).add(label)
    named = {next(iter(forms)) if len(forms) == 1 else short: forms for short, forms in written.items()}
    numbers = all(number_of(name, {}) is not None for name in named)
    order = sorted(named, key=lambda name: (Decimal(name), name)) if numbers else sorted(named)
    code = {label: number for number, name in enumerate(order) for label in named[name]}
    return tuple(order), np.array([code[label] for label in labels], np.int64)


def _short(label: str) -> str:
    """Return a whole number without the zeros behind its point; any other label as it is."""
    whole, point, zeros = label.partition(".")
    digits = whole.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")
    return whole if plain and point and zeros and not zeros.strip("0") else label
