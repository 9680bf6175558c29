"""Your own table: a CSV file with a header, numbers and categories, missing cells, and the column to predict.

A cell that is empty or one of ?, NA, N/A, NaN, null is missing: a number is then the median of the training samples,
beside a column that says so. A missing category is a category of its own; one never seen in training is "unknown".
"""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from search_spaces.hyperparameters import file, integer, option
from workers.errors import TaskError
from workers.messages import Kind
from workers.tasks._files import DELIMITERS, Table, read_table
from workers.tasks._labels import labels_in
from workers.tasks.protocol import KINDS, MISSING, Array, Samples, TableInputs

FEW = 20
"""A target of at most so many different whole numbers is taken for classes."""


@dataclass(frozen=True, slots=True)
class Csv:
    """A table in a text file, gzip too."""

    path: str = file("the file, relative to the study file")
    target: str = option("", "the column to predict")
    kind: str = option("auto", "what to predict", ("auto", "classification", "regression"))
    test: str = file("a second file, whose rows are the test samples")
    numeric: str = option("", "columns that hold numbers, with commas between; others are told by their cells")
    categorical: str = option("", "columns that hold categories, with commas between")
    ignore: str = option("", "columns to leave out, with commas between")
    delimiter: str = option("comma", "what stands between cells", tuple(DELIMITERS))
    max_categories: int = integer(64, "categories told apart in a column; rarer ones count as unknown", low=1)

    def samples(self) -> Samples:
        """Read the file, tell numbers from categories, and code the target."""
        if not self.path or not self.target:
            raise TaskError(f"task csv: needs {'path' if not self.path else 'target'}, got ''")
        table = read_table(self.path, self.delimiter)
        table.require(self.target, "column")
        tables = [table]
        if self.test:
            tables.append(_reorder(read_table(self.test, self.delimiter), table))
        inputs = self._inputs(tables)
        kind = self._kind(tables)
        test = np.arange(len(table.lines), sum(len(part.lines) for part in tables)) if self.test else None
        if kind == "regression":
            return Samples(kind, inputs, _targets(tables, self.target), test=test)
        labels = [label for part in tables for label in _labels(part, self.target)]
        names, codes = _classes(labels)
        if len(names) < 2:
            raise TaskError(f"{self.path}: the target {self.target!r} has one class alone, {names[0]!r}")
        return Samples(kind, inputs, codes, names, test=test, labels=labels_in(names))

    def _inputs(self, tables: list[Table]) -> TableInputs:
        numeric, categorical, ignored = (
            self._names(tables[0], field) for field in ("numeric", "categorical", "ignore")
        )
        for name in (numeric & categorical) | (numeric & ignored) | (categorical & ignored):
            raise TaskError(f"task csv: column {name!r} is declared twice among numeric, categorical and ignore")
        names = [name for name in tables[0].columns if name != self.target and name not in ignored]
        if not names:
            raise TaskError(f"{self.path}: no column is left to predict {self.target!r} from")
        texts = {name for name in names if name in categorical or (name not in numeric and _is_text(tables, name))}
        for table in tables:
            for name in names:
                if name not in texts:
                    _check_numbers(table, name)
        columns = {name: [cell for table in tables for cell in table.columns[name]] for name in names}
        return TableInputs(columns, frozenset(texts), self.max_categories, DELIMITERS[self.delimiter])

    def _names(self, table: Table, field: str) -> set[str]:
        names = {name.strip() for name in getattr(self, field).split(",") if name.strip()}
        for name in sorted(names):
            table.require(name, f"column that {field} names,")
        return names

    def _kind(self, tables: list[Table]) -> Kind:
        if self.kind in KINDS:
            return KINDS[self.kind]
        cells = {cell for table in tables for cell in table.columns[self.target] if not _is_missing(cell)}
        numbers = {_number(cell) for cell in cells}
        few_integers = len(numbers) <= FEW and all(number is not None and number.is_integer() for number in numbers)
        return "classification" if None in numbers or few_integers else "regression"


def _reorder(test: Table, table: Table) -> Table:
    for name in table.columns:
        test.require(name, "column")
    return Table(test.path, {name: test.columns[name] for name in table.columns}, test.lines)


def _is_text(tables: list[Table], name: str) -> bool:
    """Tell whether a column holds categories: more than half of its cells are not numbers."""
    counts = Counter(cell for table in tables for cell in table.columns[name])
    texts = sum(count for cell, count in counts.items() if not _is_missing(cell) and _number(cell) is None)
    return texts * 2 > sum(count for cell, count in counts.items() if not _is_missing(cell))


def _check_numbers(table: Table, name: str, *, hint: str = "if it holds categories, say categorical: {}") -> None:
    wrong = {cell for cell in set(table.columns[name]) if not _is_missing(cell) and _number(cell) is None}
    for line, cell in zip(table.lines, table.columns[name], strict=True):
        if cell in wrong:
            raise TaskError(f"{table.path}:{line}: column {name!r} holds numbers, got {cell!r} ({hint.format(name)})")


def _targets(tables: list[Table], target: str) -> Array:
    for table in tables:
        _check_numbers(table, target, hint="if it holds classes, say kind: classification")
    cells = [cell for table in tables for cell in _labels(table, target)]
    return np.array([float(cell) for cell in cells])[:, None]


def _labels(table: Table, target: str) -> list[str]:
    cells = table.columns[target]
    for line, cell in zip(table.lines, cells, strict=True):
        if _is_missing(cell):
            raise TaskError(f"{table.path}:{line}: the target {target!r} is missing, got {cell!r}")
    return cells


def _classes(labels: Collection[str]) -> tuple[tuple[str, ...], Array]:
    """Name the classes, in order, and number the samples; 1 and 1.0 are one class."""
    numbers = {label: _number(label) for label in set(labels)}
    if None in numbers.values():
        names = sorted(numbers)
        merged = {label: label for label in names}
    else:
        values = sorted({number for number in numbers.values() if number is not None})
        written = {value: str(int(value)) if value.is_integer() else repr(value) for value in values}
        names = list(written.values())
        merged = {label: written[number] for label, number in numbers.items() if number is not None}
    code = {name: number for number, name in enumerate(names)}
    return tuple(names), np.array([code[merged[label]] for label in labels], np.int64)


def _is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def _number(cell: str) -> float | None:
    """Read a finite number, or return None; Python alone would take 1_000 for one too."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None
