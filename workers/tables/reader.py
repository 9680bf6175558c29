"""Reader of tables: from a file to columns of cells. An exported network carries this, so that it reads the same files.

Everything that is wrong with a file is a `ValueError` whose text begins with the path, and the line where there is one.
"""

import bz2
import csv
import gzip
import io
import lzma
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def read_table(
    path: str, settings: Mapping[str, Any], room: float = math.inf
) -> tuple[dict[str, list[str]], list[int], str]:
    """Return the cells of each column by its name, stripped; the line of each row; and the delimiter.

    Blank rows are left out. `settings` are `delimiter` (a sign, or "auto") and the `usual` one, `encoding`, `quotes`,
    `header`, and for a file without one the `names` of its columns (none: their numbers), the `optional` of which may
    be missing from all rows. `room` is the memory it may take.
    """
    content = unpacked(path, room)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else settings["encoding"]
    delimiter = settings["delimiter"]
    if delimiter == "auto":
        delimiter = likely_delimiter(content, encoding, settings)
    rows = rows_of(path, content, encoding, delimiter, settings)
    if settings["header"]:
        header = next(rows, (0, []))[1]
        if not header:
            raise ValueError(f"{path}: the file is empty; it needs a line of column names, then rows")
        names = [name or str(number + 1) for number, name in enumerate(header)]
        check_names(path, names)
        columns, lines = columns_of(path, rows, names, [])
        empty = [name for name, given in zip(names, header, strict=True) if not given and not any(columns[name])]
        for name in empty:  # a delimiter at the end of each line
            del columns[name]
    else:
        columns, lines = columns_of(path, rows, settings["names"], settings["optional"])
    if not lines:
        raise ValueError(f"{path}: no rows after the header" if settings["header"] else f"{path}: no rows")
    return columns, lines, delimiter


def unpacked(path: str, room: float) -> bytes:
    """Return what a file holds, also if it is packed by gzip, bzip2 or xz; stop once the table would not fit."""
    with open(path, "rb") as file:
        start = file.read(6)
        file.seek(0)
        packers = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
        packed: Any = next((unpack for mark, unpack in packers.items() if start.startswith(mark)), None)
        parts: list[bytes] = []
        size = cells = 0
        try:
            stream: Any = packed(file) if packed else file
            while part := stream.read(1 << 20):
                size += len(part)
                cells += part.count(b"\n") + max(part.count(sign) for sign in (b",", b";", b"\t", b"|"))
                need = 2 * size + 90 * cells  # a cell is a text, with places in its row and in its column
                if need > room:
                    raise ValueError(
                        f"{path}: the table is too large: its first {size / 1e6:,.0f} MB of text would take "
                        f"{need / 1e9:.1f} GB of memory, and {room / 1e9:.1f} GB are there"
                    )
                parts.append(part)
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            if packed is None:
                raise
            raise ValueError(f"{path}: a broken {packed.__module__} file: {error}") from error
    return b"".join(parts)


def likely_delimiter(content: bytes, encoding: str, settings: Mapping[str, Any]) -> str:
    """Return the delimiter that splits the first rows into the most columns, as many in each; else the usual one."""
    usual = settings["usual"]
    quoting: Any = csv.QUOTE_MINIMAL if settings["quotes"] else csv.QUOTE_NONE
    text = content[: 1 << 16].decode(encoding, "replace").lstrip("\ufeff")
    found: dict[str, tuple[bool, int]] = {}
    for sign in dict.fromkeys((usual, ",", ";", "\t", "|")):
        try:
            rows = [
                row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign, quoting=quoting) if any(row)
            ][:50]
        except csv.Error:
            continue
        whole = rows[:-1] if len(content) > 1 << 16 and len(rows) < 50 else rows  # the last one may be cut off
        counts = {len(row) for row in whole}
        found[sign] = (len(counts) == 1, len(rows[0]) if rows else 0)
    best = max(found, key=lambda sign: found[sign], default=usual)
    split = [sign for sign in found if found[sign][1] > 1]
    even = [sign for sign in split if found[sign][0]]
    return best if even else max(split, key=lambda sign: found[sign][1], default=usual)


def rows_of(
    path: str, content: bytes, encoding: str, delimiter: str, settings: Mapping[str, Any]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, their cells stripped, each with the line it begins in."""
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    quoting: Any = csv.QUOTE_MINIMAL if settings["quotes"] else csv.QUOTE_NONE
    reader = csv.reader(text, delimiter=delimiter, quoting=quoting, strict=True)
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1  # a row may span lines
    except csv.Error as error:
        hint = " (where quotes are ordinary signs, say quotes: false)" if '"' in str(error) else ""
        raise ValueError(f"{path}:{line}: {error}{hint}") from error
    except UnicodeError as error:
        raise ValueError(undecodable(path, content, encoding)) from error


def undecodable(path: str, content: bytes, encoding: str) -> str:
    """Return where a file is not in its encoding."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        name = encoding.removesuffix("-sig").upper()
        wrong = f"{path}:{line}: not {name}: byte 0x{content[error.start]:02x}"
        return f"{wrong} (say encoding: cp1252 if a program on Windows wrote it, or latin-1)"
    return f"{path}: not {encoding}"


def check_names(path: str, header: Sequence[str]) -> None:
    """Refuse names that occur twice; columns without one are called by their number."""
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        number = "1 column name occurs" if len(twice) == 1 else f"{len(twice)} column names occur"
        raise ValueError(f"{path}:1: {number} more than once: {', '.join(map(repr, twice))}")


def columns_of(
    path: str, rows: Iterator[tuple[int, list[str]]], names: Sequence[str], optional: Sequence[str]
) -> tuple[dict[str, list[str]], list[int]]:
    """Turn rows into columns; a row of another length is refused, unless all rows lack the optional columns."""
    lines: list[int] = []
    cells: list[list[str]] = []
    for line, row in rows:
        if not cells and not names:
            names = [str(number + 1) for number in range(len(row))]
        if not cells and optional and len(row) == len(names) - len(optional):
            names = [name for name in names if name not in optional]
        if len(row) != len(names):
            told = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            raise ValueError(f"{path}:{line}: {told} in a table of {len(names)} columns")
        lines.append(line)
        cells.append(row)
    columns = zip(*cells, strict=True)
    return dict(zip(names, map(list, columns), strict=False)), lines
