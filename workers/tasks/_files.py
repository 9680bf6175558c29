"""Files that users hand in: read strictly, so that every mistake has its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.errors import nearest
from workers.errors import TaskError
from workers.free_memory import room
from workers.tables import reader

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file, stripped, column by column, and the line of each row."""

    path: str
    columns: dict[str, list[str]]
    lines: list[int]
    delimiter: str = ","

    def require(self, name: str, setting: str) -> None:
        """Raise `TaskError`, with the nearest match, unless there is the column that a setting asks for."""
        if name not in self.columns:
            raise TaskError(f"{self.path}: no column {name!r}{nearest(name, tuple(self.columns))}", setting)

    def without(self, rows: set[int]) -> "Table":
        """Leave out rows, given by number."""
        if not rows:
            return self
        keep = [row for row in range(len(self.lines)) if row not in rows]
        columns = {name: [cells[row] for row in keep] for name, cells in self.columns.items()}
        return Table(self.path, columns, [self.lines[row] for row in keep], self.delimiter)


def existing(path: str, setting: str = "path") -> Path:
    """Return the file that a setting names; raise `TaskError`, with the nearest match, where it cannot be read."""
    try:
        file = Path(path).expanduser()
        with file.open("rb"):
            return file
    except FileNotFoundError as error:
        raise TaskError(f"no such file: {path!r}{_nearest_file(file)}", setting) from error
    except OSError as error:
        raise TaskError(f"cannot read {path!r}: {error.strerror or error}", setting) from error
    except (ValueError, RuntimeError) as error:  # a zero byte in it, or the home of nobody
        raise TaskError(f"cannot read {path!r}: {error}", setting) from error


def _nearest_file(file: Path) -> str:
    try:
        beside = tuple(sorted(other.name for other in file.parent.iterdir()))
    except OSError:
        return ""
    hint = nearest(file.name, beside)
    return hint if "did you mean" in hint else ""


def read_table(path: str, settings: dict[str, Any], setting: str) -> Table:
    """Read the table that a setting names; raise `TaskError` for whatever is wrong with the file."""
    file = existing(path, setting)
    try:
        columns, lines, delimiter = reader.read_table(str(file), settings, room())
    except OSError as error:
        raise TaskError(f"cannot read {path!r}: {error.strerror or error}", setting) from error
    except ValueError as error:
        raise TaskError(str(error), "encoding" if isinstance(error.__cause__, UnicodeError) else "") from error
    return Table(path, columns, lines, delimiter)
