"""Tables as programs write them: packed, with other delimiters and encodings, without a header; and their size."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
from tables import spec, written

from workers.datasets.dataset import load
from workers.errors import TaskError
from workers.tables.reader import read_table
from workers.tasks import _files

ROWS = [(row, "uvw"[row % 3], "no" if row % 4 else "yes") for row in range(60)]
SETTINGS = {
    "delimiter": "auto",
    "usual": ",",
    "encoding": "utf-8",
    "quotes": True,
    "header": True,
    "names": [],
    "optional": [],
}


def text(delimiter: str = ",", head: str = "n,letter,y") -> str:
    rows = [delimiter.join(map(str, row)) for row in ROWS]
    return "\n".join([head.replace(",", delimiter), *rows]) + "\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", ", " ; "])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text(delimiter))
    assert load(spec(file)).info.inputs == (5,)


def test_commas_in_cells_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    file = written(tmp_path, lambda row: f"{row},5")
    assert load(spec(file)).info.columns[0].inputs == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_tables_are_read(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "table"
    file.write_bytes(pack(text().encode()))  # type: ignore[operator]
    assert load(spec(file)).info.inputs == (5,)


@pytest.mark.parametrize(("pack", "name"), [(bz2.compress, "bz2"), (lzma.compress, "lzma")])
def test_torn_packed_tables_are_refused(tmp_path: Path, pack: object, name: str) -> None:
    file = tmp_path / "table"
    file.write_bytes(pack(text().encode() * 50)[:-30])  # type: ignore[operator]
    with pytest.raises(TaskError, match=f"a broken {name} file"):
        load(spec(file))


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(text(head="größe,letter,y").encode(encoding))
    info = load(spec(file, encoding=encoding)).info
    assert info.columns[0].name == "größe"


def test_a_file_without_a_header_is_noticed_and_there_is_a_way(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("".join(text().splitlines(keepends=True)[1:]))
    with pytest.raises(TaskError, match=r"its first line, '0, u, yes', looks like samples; .* header: false"):
        load(spec(file, target="label"))
    named = load(spec(file, target="label", header=False, columns=("n", "letter", "label"))).info
    numbered = load(spec(file, target="3", header=False)).info
    assert named.inputs == numbered.inputs == (5,)
    assert sum(named.samples) == 60
    assert [column.name for column in numbered.columns] == ["1", "2"]


def test_names_of_columns_beside_a_header_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text())
    with pytest.raises(TaskError, match=r"beside columns say header: false"):
        load(spec(file, columns=("a", "b", "c")))


def test_more_of_a_file_without_a_header_may_lack_the_target(tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text("1,u\n2,v\n")
    settings = {**SETTINGS, "header": False, "names": ["n", "letter", "y"], "optional": ["y"]}
    assert read_table(str(file), settings)[0] == {"n": ["1", "2"], "letter": ["u", "v"]}


def test_rows_of_blanks_and_delimiters_are_left_out_but_counted_as_lines(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("a,b\n1,2\n,\n   \n\n3,4\n")
    columns, lines, delimiter = read_table(str(file), SETTINGS)
    assert columns == {"a": ["1", "3"], "b": ["2", "4"]}
    assert (lines, delimiter) == ([2, 6], ",")


def test_a_table_that_would_not_fit_into_memory_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "table.csv.gz"
    file.write_bytes(gzip.compress(b"x,y\n" + b"1,0\n2,1\n" * 2_000_000))
    monkeypatch.setattr(_files, "room", lambda: 100_000_000)
    with pytest.raises(TaskError, match=r"too large: its first \d+ MB of text would take .* GB are there"):
        load(spec(file))


@pytest.mark.parametrize("given", ["x,z", ("x", "z")])
def test_columns_are_named_in_a_list_or_with_commas_between(tmp_path: Path, given: str | tuple[str, ...]) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,z,w,y\n" + "".join(f"{row % 3},{row % 2},{row},{row % 2}\n" for row in range(60)))
    assert [column.kind for column in load(spec(file, categorical=given)).info.columns] == ["category"] * 2 + ["number"]


def test_a_name_with_a_comma_can_be_given_in_a_list(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text('"a, b",w,y\n' + "".join(f"{row % 3},{row},{row % 2}\n" for row in range(60)))
    assert load(spec(file, ignore=("a, b",))).info.inputs == (1,)


def test_a_column_without_a_name_is_called_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(",x,y\n" + "".join(f"{row},{row % 7},{row % 2}\n" for row in range(60)))
    assert [column.name for column in load(spec(file)).info.columns] == ["1", "x"]


def test_a_delimiter_at_the_end_of_each_line_is_no_column(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,y,\n" + "".join(f"{row % 7},{row % 2},\n" for row in range(60)))
    assert [column.name for column in load(spec(file)).info.columns] == ["x"]


def test_quotes_may_be_ordinary_signs(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x\ty\n" + "".join(f'"{"uvw"[row % 3]} 5\t{row % 2}\n' for row in range(60)))
    with pytest.raises(TaskError, match=r"say quotes: false"):
        load(spec(file))
    assert load(spec(file, quotes=False)).info.columns[0].values == 3
