"""The source that an export carries reads and prepares what the search has read, and refuses what it refuses."""

import gzip
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces.candidate import Named, Settings, Value
from workers.datasets.dataset import prepare, read
from workers.exporters import _parts
from workers.messages import TaskSpec
from workers.tasks.protocol import TableInputs

IMPORTS = """from __future__ import annotations
import bz2, csv, gzip, io, lzma, math, re, warnings, zlib
from collections import Counter
from collections.abc import *
from datetime import UTC, datetime
from typing import Any
import numpy as np
"""
TABLES: dict[str, tuple[str, dict[str, Value]]] = {
    "blanks after commas": ("a, b, y\n" + "".join(f"{n}, {'uv'[n % 2]}, {n % 3}\n" for n in range(60)), {}),
    "blank rows": ("a,b,y\n" + "".join(f"{n},x,{n % 3}\n,,\n\n" for n in range(60)), {}),
    "decimal commas": ("a;b;y\n" + "".join(f"{n},5;{n % 4} %;{n % 3}\n" for n in range(60)), {}),
    "dates": ("a,b,y\n" + "".join(f"2024-01-{1 + n % 28:02},{n % 7},{n % 3}\n" for n in range(60)), {}),
    "days first": ("a,b,y\n" + "".join(f"{1 + n % 28}.{1 + n % 12}.2024,{n % 7},{n % 3}\n" for n in range(60)), {}),
    "accounting": ("a;b;y\n" + "".join(f"{f'({n},5)' if n % 3 else n};{n % 7};{n % 3}\n" for n in range(60)), {}),
    "no header": ("".join(f"{n},{'uv'[n % 2]},{n % 3}\n" for n in range(60)), {"header": False, "target": "3"}),
    "own marks": ("a,y\n" + "".join(f"{n if n % 5 else 'none'},{n % 3}\n" for n in range(60)), {"missing": ("none",)}),
    "quotes": ("a\tb\ty\n" + "".join(f'"{"uv"[n % 2]}\t{n}\t{n % 3}\n' for n in range(60)), {"quotes": False}),
}


@pytest.fixture(scope="module")
def carried() -> dict[str, Any]:
    functions = [*_parts.READER, *_parts.TABLE]
    space: dict[str, Any] = {}
    exec(IMPORTS + "\n".join(inspect.getsource(function) for function in functions), space)
    return space


@pytest.mark.parametrize("name", TABLES)
def test_it_reads_and_prepares_as_the_search_did(tmp_path: Path, carried: dict[str, Any], name: str) -> None:
    text, settings = TABLES[name]
    file = tmp_path / "table.csv.gz"
    file.write_bytes(gzip.compress(text.encode()))
    spec = TaskSpec(Named("csv", Settings({"path": str(file), "target": "y", **settings})))
    samples = read(spec)
    assert isinstance(samples.inputs, TableInputs)
    preprocessing = prepare(samples, spec).preprocessing
    columns = carried["read_table"](str(file), preprocessing.inputs["reading"])[0]
    prepared = carried["prepare_table"](columns, preprocessing.inputs)
    assert len(prepared) == 60
    assert np.array_equal(prepared, preprocessing.apply(samples.inputs.columns))


WRONG = {
    "text among numbers": ("a,b\n1,u\nabc,v\n", "column 'a' holds numbers, got 'abc' in row 2"),
    "an infinite number": ("a,b\n1e999,u\n", "column 'a' holds numbers, got '1e999' in row 1"),
    "a column too few": ("a\n1\n", "no column 'b'"),
    "a cell too many": ("a,b\n1,u\n1,u,3\n", ":3: 3 cells in a table of 2 columns"),
    "an empty file": ("", "the file is empty"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_refuses_what_the_search_refuses(tmp_path: Path, carried: dict[str, Any], name: str) -> None:
    text, said = WRONG[name]
    file = tmp_path / "table.csv"
    file.write_text("a,b,y\n" + "".join(f"{n},{'uv'[n % 2]},{n % 3}\n" for n in range(60)))
    spec = TaskSpec(Named("csv", Settings(path=str(file), target="y")))
    settings = prepare(read(spec), spec).preprocessing.inputs
    (tmp_path / "wrong.csv").write_text(text)
    with pytest.raises(ValueError) as caught:
        carried["prepare_table"](carried["read_table"](str(tmp_path / "wrong.csv"), settings["reading"])[0], settings)
    assert said in str(caught.value)


def test_numbers_of_a_frame_are_read_as_numbers_whatever_the_notation_of_the_file(carried: dict[str, Any]) -> None:
    notation = {"decimal": ",", "thousands": ".", "prefix": "", "suffix": "%"}
    figures = {"median": 0.0, "mean": 0.0, "scale": 1.0, "clip": 0.0, "indicator": True}
    settings = {"columns": [{"name": "a", "kind": "number", "notation": notation, **figures}], "missing": [""]}
    given = {"a": ["1,5 %", 1.5, np.float32(1.5), "1.500"]}
    assert carried["prepare_table"](given, settings)[:, 0].tolist() == [1.5, 1.5, 1.5, 1500]


@pytest.mark.parametrize(
    ("cell", "slot"),
    [("4", 0), (4, 0), (4.0, 0), (np.int64(4), 0), ("4.0", 3), (True, 1), (np.True_, 1), (float("nan"), 2), (None, 2)],
)
def test_categories_of_a_frame_are_those_of_the_file(carried: dict[str, Any], cell: object, slot: int) -> None:
    column = {"name": "a", "kind": "category", "categories": ["4", "true", ""]}
    settings = {"columns": [column], "missing": ["", "nan"]}
    assert carried["prepare_table"]({"a": [cell]}, settings)[0].argmax() == slot
