"""Small tables for tests: written to a file, and read by the task csv."""

from collections.abc import Callable, Sequence
from pathlib import Path

from search_spaces.candidate import Named, Settings, Value
from workers.datasets.dataset import Dataset, load
from workers.messages import Column, TaskSpec


def spec(path: Path, **settings: Value) -> TaskSpec:
    """Name the task csv with the target y, and other settings."""
    return TaskSpec(Named("csv", Settings({"path": str(path), "target": "y", **settings})))


def column_of(folder: Path, cells: Sequence[object], **settings: Value) -> tuple[Dataset, Column]:
    """Read a table whose column x has these cells, repeated to at least 60 rows, and say what it was taken for."""
    dataset = load(spec(written(folder, lambda row: cells[row % len(cells)], max(60, len(cells))), **settings))
    return dataset, dataset.info.columns[0]


def written(folder: Path, cell: Callable[[int], object], rows: int = 60, delimiter: str = ";") -> Path:
    """Write a table with the columns x and y."""
    lines = [f"{cell(row)}{delimiter}{'no' if row % 4 else 'yes'}" for row in range(rows)]
    file = folder / "table.csv"
    file.write_text("\n".join([f"x{delimiter}y", *lines]) + "\n", "utf-8")
    return file
