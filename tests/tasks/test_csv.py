"""A user's own table: numbers, categories, missing cells, and every way a file can be wrong."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search_spaces.candidate import Named, Settings
from workers.datasets.dataset import Dataset, load
from workers.errors import TaskError
from workers.messages import Split, TaskSpec

ADULT = Path(__file__).parents[3] / "shared" / "data" / "datasets" / "adult_train.csv.gz"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str | bytes, name: str = "table.csv") -> str:
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return str(tmp_path / name)

    return written


def spec(path: str, target: str = "y", **settings: str | int) -> TaskSpec:
    return TaskSpec(Named("csv", Settings(path=path, target=target, **settings)))


def table(
    rows: int = 30, cell: Callable[[int], object] = str, target: Callable[[int], object] = lambda row: row % 2
) -> str:
    return "x,y\n" + "".join(f"{cell(row)},{target(row)}\n" for row in range(rows))


def error(path: str, **settings: str | int) -> str:
    with pytest.raises(TaskError) as caught:
        load(spec(path, **settings))  # type: ignore[arg-type]
    return caught.value.message


def column(dataset: Dataset, name: str = "x") -> dict[str, object]:
    return next(column for column in dataset.preprocessing.inputs["columns"] if column["name"] == name)


def test_numbers_become_one_standardised_feature(write: Write) -> None:
    dataset = load(spec(write(table())))
    assert dataset.info.inputs == (1,)
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-6)


def test_categories_become_a_feature_each_and_one_for_unknown(write: Write) -> None:
    dataset = load(spec(write(table(cell=lambda row: "abc"[row % 3]))))
    assert column(dataset)["categories"] == ["a", "b", "c"]
    assert dataset.info.inputs == (4,)
    assert (dataset.train.inputs.sum(axis=1) == 1).all()


def test_a_category_never_seen_is_unknown(write: Write) -> None:
    dataset = load(spec(write(table(cell=lambda row: "abc"[row % 3]))))
    assert dataset.preprocessing.apply({"x": ["d", "a"]}).tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]


def test_a_missing_category_is_a_category(write: Write) -> None:
    dataset = load(spec(write(table(cell=lambda row: ["a", "b", "?"][row % 3]))))
    assert column(dataset)["categories"] == ["", "a", "b"]
    assert dataset.preprocessing.apply({"x": ["NA", ""]}).tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]


def test_only_the_most_frequent_categories_are_told_apart(write: Write) -> None:
    path = write(table(60, cell=lambda row: "aaabbcd"[row % 7]))
    assert column(load(spec(path, max_categories=2)))["categories"] == ["a", "b"]


@pytest.mark.parametrize("missing", ["", "?", "NA", "nan", "NaN", " n/a "])
def test_a_missing_number_is_the_median_of_train_and_marked(write: Write, missing: str) -> None:
    dataset = load(spec(write(table(60, cell=lambda row: missing if row % 3 == 0 else row % 5))))
    found = column(dataset)
    value = (found["median"] - found["mean"]) / found["scale"]  # type: ignore[operator]
    assert np.allclose(dataset.preprocessing.apply({"x": [missing]}), [[value, 1]])


def test_numbers_that_are_never_missing_in_train_have_no_mark(write: Write) -> None:
    dataset = load(spec(write(table())))
    assert dataset.preprocessing.apply({"x": [""]}).shape == (1, 1)


def test_a_column_of_digits_can_be_declared_categorical(write: Write) -> None:
    dataset = load(spec(write(table(cell=lambda row: row % 3)), categorical="x"))
    assert column(dataset)["categories"] == ["0", "1", "2"]


def test_a_column_can_be_ignored(write: Write) -> None:
    text = "".join(f"{row},{row},{row % 2}\n" for row in range(30))
    assert load(spec(write("id,x,y\n" + text), ignore="id")).info.inputs == (1,)


def test_a_text_target_is_classes(write: Write) -> None:
    info = load(spec(write(table(target=lambda row: "yes" if row % 3 else "no")))).info
    assert (info.kind, info.classes) == ("classification", ("no", "yes"))


def test_few_whole_numbers_are_classes_in_their_order(write: Write) -> None:
    info = load(spec(write(table(66, target=lambda row: row % 11)))).info
    assert info.classes == tuple(str(number) for number in range(11))


def test_the_same_number_written_in_two_ways_is_one_class(write: Write) -> None:
    assert load(spec(write(table(target=lambda row: ["1", "1.0", "2"][row % 3])))).info.classes == ("1", "2")


def test_other_numbers_are_a_regression(write: Write) -> None:
    info = load(spec(write(table(target=lambda row: row * 0.5)))).info
    assert (info.kind, info.outputs) == ("regression", 1)


def test_few_whole_numbers_can_be_declared_a_regression(write: Write) -> None:
    assert load(spec(write(table()), kind="regression")).info.kind == "regression"


def test_gzip_byte_order_mark_and_windows_line_ends_are_read(write: Write) -> None:
    plain = load(spec(write(table())))
    dressed = load(spec(write(gzip.compress(b"\xef\xbb\xbf" + table().replace("\n", "\r\n").encode()), "table.csv.gz")))
    assert dressed.info == plain.info


def test_quoted_cells_and_other_delimiters_are_read(write: Write) -> None:
    text = 'x;"the ""y"""\n' + "".join(f'"a;\n{row % 3}";{row % 2}\n' for row in range(30))
    dataset = load(spec(write(text), target='the "y"', delimiter="semicolon"))
    assert column(dataset)["categories"] == ["a;\n0", "a;\n1", "a;\n2"]


def test_blank_lines_are_skipped(write: Write) -> None:
    assert sum(load(spec(write(table() + "\n\n"))).info.samples) == 30


def test_a_second_file_is_the_test_split(write: Write) -> None:
    test = write("y,x\n1,7\n0,7\n1,8\n", "test.csv")
    dataset = load(spec(write(table()), test=test))
    assert dataset.info.samples == (24, 6, 3)
    assert dataset.test.targets.tolist() == [1, 0, 1]


def test_rows_of_the_test_split_do_not_change_train(write: Write) -> None:
    path = write(table())
    first = load(spec(path, test=write("x,y\n1,0\n2,1\n", "one.csv")))
    second = load(spec(path, test=write("x,y\n1000,0\n,1\n", "two.csv")))
    assert first.train.inputs.tobytes() == second.train.inputs.tobytes()
    assert first.preprocessing == second.preprocessing


def test_a_missing_file_names_the_nearest(write: Write) -> None:
    path = write(table())
    assert error(path.replace("table", "tabel")).endswith("tabel.csv' (did you mean 'table.csv'?)")


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    assert "cannot read" in error(str(tmp_path))


@pytest.mark.parametrize("path", ["a\0b", "~nobody-of-this-name/table.csv", "x" * 5000])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    assert "cannot read" in error(path)


def test_a_task_without_path_or_target_says_so(write: Write) -> None:
    assert error("") == "needs a file, got ''"
    assert error(write(table()), target="") == "needs the column to predict, got ''"


def test_a_missing_target_names_the_nearest(write: Write) -> None:
    path = write("age,income\n" + "1,2\n" * 9)
    assert error(path, target="incom") == f"{path}: no column 'incom' (did you mean 'income'?)"


def test_a_declared_column_that_is_not_there_is_named(write: Write) -> None:
    assert "no column 'z'" in error(write(table()), numeric="x,z")


def test_a_column_declared_twice_is_refused(write: Write) -> None:
    assert "column 'x' is declared twice" in error(write(table()), numeric="x", categorical="x")


def test_one_class_is_refused(write: Write) -> None:
    assert "the target 'y' has one class alone, 'a'" in error(write(table(target=lambda row: "a")))


def test_a_class_too_small_to_split_is_refused(write: Write) -> None:
    assert "class 'rare' has 1 sample:" in error(write(table(target=lambda row: "rare" if row == 5 else "no")))


def test_text_in_a_declared_number_column_has_its_line(write: Write) -> None:
    path = write(table(cell=lambda row: "abc" if row == 5 else "q"))
    assert error(path, numeric="x").startswith(f"{path}:2: column 'x' holds numbers, got 'q'")


def test_text_among_numbers_has_its_line_and_the_way_out(write: Write) -> None:
    path = write(table(cell=lambda row: "abc" if row == 5 else row))
    hint = "if it holds categories, say categorical: [x]; if it marks missing cells, missing: [abc]"
    said = f"column 'x' holds numbers, got 'abc' ({hint})"
    assert error(path) == f"{path}:7: {said}"


@pytest.mark.parametrize("cell", ["inf", "-inf", "1e999", "1_000"])
def test_what_is_no_finite_number_is_refused(write: Write, cell: str) -> None:
    assert f"got {cell!r}" in error(write(table(cell=lambda row: cell if row == 5 else row)))


def test_text_in_a_regression_target_has_its_line(write: Write) -> None:
    path = write(table(target=lambda row: "abc" if row == 5 else row))
    assert error(path, kind="regression").startswith(f"{path}:7: column 'y' holds numbers, got 'abc'")


def test_a_missing_target_cell_has_its_line(write: Write) -> None:
    path = write(table(target=lambda row: "?" if row == 5 else "ab"[row % 2]))
    way_out = "(to leave such rows out, say missing_target: drop)"
    assert error(path, missing_target="refuse") == f"{path}:7: the target 'y' is missing, got '?' {way_out}"


def test_rows_without_a_target_are_left_out_and_it_is_said(write: Write) -> None:
    info = load(spec(write(table(target=lambda row: "" if row in (5, 9) else row % 2)))).info
    assert sum(info.samples) == 28
    assert info.warnings == ("2 rows without a target are left out, the first in line 7",)


def test_a_line_counts_the_lines_inside_quoted_cells(write: Write) -> None:
    path = write('x,y\n"a\n\nb",1\n1,2,3\n')
    assert error(path).startswith(f"{path}:5: 3 cells in a table of 2 columns")


def test_an_empty_file_is_refused(write: Write) -> None:
    assert "the file is empty" in error(write(""))


def test_a_header_without_rows_is_refused(write: Write) -> None:
    assert error(write("x,y\n")).endswith("no rows after the header")


def test_ragged_rows_have_their_line(write: Write) -> None:
    path = write("x,y\n1,2\n1\n")
    assert error(path) == f"{path}:3: 1 cell in a table of 2 columns"


def test_column_names_that_occur_twice_are_named(write: Write) -> None:
    assert "'x', 'y'" in error(write("x,y,x,y\n1,2,3,4\n"))


def test_a_target_alone_leaves_nothing_to_predict_from(write: Write) -> None:
    assert "no column is left" in error(write("y\n1\n2\n"))


def test_what_is_not_utf_8_has_its_line(write: Write) -> None:
    path = write(b"x,y\n1,2\ncaf\xe9,3\n")
    assert error(path).startswith(f"{path}:3: not UTF-8: byte 0xe9 (say encoding: cp1252")


def test_a_broken_gzip_file_is_refused(write: Write) -> None:
    assert "a broken gzip file" in error(write(gzip.compress(table().encode())[:-20]))


def test_an_open_quote_has_its_line(write: Write) -> None:
    path = write('x,y\n1,2\n"3,4\n')
    assert error(path).startswith(f"{path}:3: ")


def test_a_test_file_with_other_columns_is_refused(write: Write) -> None:
    test = write("x,z\n1,2\n", "test.csv")
    assert f"{test}: no column 'y'" in error(write(table()), test=test)


@pytest.mark.skipif(not ADULT.exists(), reason=f"{ADULT.name} is not beside this checkout")
def test_the_adult_census_loads() -> None:
    found = TaskSpec(Named("csv", Settings(path=str(ADULT), target="income")), Split())
    info = load(found).info
    assert sum(info.samples) == 32561
    assert info.classes == ("<=50K", ">50K")
