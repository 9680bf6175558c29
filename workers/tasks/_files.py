"""Reads a user's table: a text file with a header, strictly, so that every mistake has its line."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from search_spaces.errors import nearest
from search_spaces.quantities import counted
from workers.errors import TaskError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file, stripped, column by column, and the line of each row."""

    path: str
    columns: dict[str, list[str]]
    lines: list[int]

    def require(self, name: str, noun: str) -> None:
        """Raise `TaskError`, with the nearest match, unless there is a column of this name."""
        if name not in self.columns:
            raise TaskError(f"{self.path}: no {noun} {name!r}{nearest(name, tuple(self.columns))}")


def read_bytes(path: str) -> bytes:
    """Return what a file holds; raise `TaskError`, with the nearest match, if it cannot be read."""
    try:
        return Path(path).expanduser().read_bytes()
    except FileNotFoundError as error:
        raise TaskError(f"no such file: {path!r}{_nearest_file(Path(path).expanduser())}") from error
    except OSError as error:
        raise TaskError(f"cannot read {path!r}: {error.strerror or error}") from error
    except (ValueError, RuntimeError) as error:  # a zero byte in it, or the home of nobody
        raise TaskError(f"cannot read {path!r}: {error}") from error


def _nearest_file(file: Path) -> str:
    try:
        beside = tuple(sorted(other.name for other in file.parent.iterdir()))
    except OSError:
        return ""
    hint = nearest(file.name, beside)
    return hint if "did you mean" in hint else ""


def read_table(path: str, delimiter: str) -> Table:
    """Read a table in UTF-8, also with a byte order mark, also packed with gzip; blank lines are skipped."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter=DELIMITERS[delimiter], strict=True)
    rows = _rows(reader, path)
    header = next(rows, (0, []))[1]
    if not header:
        raise TaskError(f"{path}: the file is empty; it needs a line of column names, then rows")
    _check_header(path, header)
    lines, cells = [], []
    for line, row in rows:
        if len(row) != len(header):
            had, needed = counted(len(row), "cell"), counted(len(header), "column")
            raise TaskError(f"{path}:{line}: {had}, but the header has {needed}")
        lines.append(line)
        cells.append(row)
    if not cells:
        raise TaskError(f"{path}: no rows after the header")
    columns = [list(column) for column in zip(*cells, strict=True)]
    return Table(path, dict(zip(header, columns, strict=True)), lines)


def _text(path: str) -> str:
    content = read_bytes(path)
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise TaskError(f"{path}: a broken gzip file: {error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TaskError(f"{path}:{line}: not UTF-8: byte {content[error.start : error.start + 1]!r}") from error


def _rows(reader: Iterator[list[str]], path: str) -> Iterator[tuple[int, list[str]]]:
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, [cell.strip() for cell in row]
            line = reader.line_num + 1  # type: ignore[attr-defined] # a row may span lines; csv's own type is private
    except csv.Error as error:
        raise TaskError(f"{path}:{line}: {error}") from error


def _check_header(path: str, header: list[str]) -> None:
    if "" in header:
        raise TaskError(f"{path}:1: column {header.index('') + 1} has no name")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise TaskError(f"{path}:1: column names that occur more than once: {', '.join(map(repr, twice))}")
