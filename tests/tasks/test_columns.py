"""What columns are taken for: notations of numbers, dates, identifiers, texts; and what is said of them."""

from pathlib import Path

import numpy as np
import pytest
from tables import column_of, spec, written

from workers.datasets.dataset import load, read
from workers.errors import TaskError
from workers.tables.cells import number_of

NOTATIONS = [
    (["0,5", "1,234", "-2,5"], [0.5, 1.234, -2.5]),
    (["1,234.5", "12", "-7,000"], [1234.5, 12, -7000]),
    (["1.234,5", "12", "0,25"], [1234.5, 12, 0.25]),
    (["1 234,5", "12", "1\u00a0000"], [1234.5, 12, 1000]),
    (["1'000.5", "12"], [1000.5, 12]),
    (["12%", "3.5 %", "-1%"], [12, 3.5, -1]),
    (["$1,200", "$3.50", "-$5.00"], [1200, 3.5, -5]),
    (["3,50 €", "-1,5 €"], [3.5, -1.5]),
    (["12 kg", "3.5kg"], [12, 3.5]),
    (["\u22125.5", "2"], [-5.5, 2]),
    (["2024-01-01", "1970-01-03"], [19723, 2]),
    (["2024-01-01T12:00Z", "2024-01-01 12:00+02:00"], [19723.5, 19723 + 10 / 24]),
    (["31/12/2023", "1/1/2024"], [19722, 19723]),
    (["31.12.2023", "01.01.2024 12:00"], [19722, 19723.5]),
    (["12-31-2023", "01-01-2024 9:00"], [19722, 19723.375]),
    (["(1,234.50)", "2,000.00"], [-1234.5, 2000]),
    (["(5)", "7.25"], [-5, 7.25]),
    (["(1.234,50 €)", "3,00 €", "(2,5)"], [-1234.5, 3, -2.5]),
    (["($5.00)", "$(1,000)", "$7"], [-5, -1000, 7]),
    (["(12 %)", "3%"], [-12, 3]),
]


@pytest.mark.parametrize(("cells", "numbers"), NOTATIONS)
def test_numbers_in_another_notation_are_read_and_it_is_said(
    tmp_path: Path, cells: list[str], numbers: list[float]
) -> None:
    dataset, column = column_of(tmp_path, cells)
    notation = dataset.preprocessing.inputs["columns"][0]["notation"]
    assert [number_of(cell, notation) for cell in cells] == pytest.approx(numbers)
    assert column.inputs == 1
    assert column.kind in ("number", "date")
    assert "read" in column.warning


@pytest.mark.parametrize("cell", ["1,2,3", "1,23,456", "--5", "5-", "1.2.3", "abc", "", "$", "12,34,567.8"])
def test_what_is_no_number_in_a_notation_is_none(cell: str) -> None:
    notation = {"decimal": ".", "thousands": ",", "prefix": "$", "suffix": ""}
    assert number_of(cell, notation) is None


def test_a_comma_that_may_mean_two_things_is_refused_with_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"column 'x' holds numbers such as '1,234'.*decimal: comma or decimal: point"):
        column_of(tmp_path, ["1,234", "2,500"])


@pytest.mark.parametrize(("decimal", "number"), [("comma", 1.234), ("point", 1234.0)])
def test_a_setting_says_what_the_comma_means(tmp_path: Path, decimal: str, number: float) -> None:
    dataset, _ = column_of(tmp_path, ["1,234", "2,500"], decimal=decimal)
    assert number_of("1,234", dataset.preprocessing.inputs["columns"][0]["notation"]) == number


def test_another_column_says_what_the_comma_means(tmp_path: Path) -> None:
    lines = [f"1,{100 + row};0,{row + 1};{row % 2}" for row in range(60)]
    file = tmp_path / "table.csv"
    file.write_text("\n".join(["a;b;y", *lines]))
    notation = load(spec(file)).preprocessing.inputs["columns"][0]["notation"]
    assert (notation["decimal"], notation["thousands"]) == (",", "")


def test_a_target_in_another_notation_is_read(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x;y\n" + "".join(f"{row};{row},5\n" for row in range(60)))
    samples = read(spec(file))
    assert samples.kind == "regression"
    assert samples.targets[:3, 0].tolist() == [0.5, 1.5, 2.5]


def test_free_text_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [f"the {row}th message of many,{row},{row % 2}" for row in range(60)]
    file = tmp_path / "table.csv"
    file.write_text("\n".join(["text,x,y", *lines]))
    info = load(spec(file)).info
    assert info.inputs == (1,)
    assert info.columns[0].kind == "left out"
    assert info.columns[0].inferred == "texts, 60 different ones in 60 rows"
    assert info.columns[0].warning.startswith("left out: texts that differ in most rows")


def test_a_table_of_text_alone_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"no column is left .*'x' is left out: texts.*turn them into numbers"):
        column_of(tmp_path, [f"the {row}th message of many" for row in range(60)])


def test_text_that_is_declared_categorical_is_used(tmp_path: Path) -> None:
    dataset, column = column_of(tmp_path, [f"id{row}" for row in range(60)], categorical=("x",), max_categories=8)
    assert dataset.info.inputs == (9,)
    assert (column.values, column.kept, column.unknown) == (36, 8, 28)
    assert "more than 5% of the training samples have a rarer category" in column.warning


@pytest.mark.parametrize(
    "cells", [[f"user-{row:04}" for row in range(60)], [f"{row * 7919:08x}g" for row in range(60)]]
)
def test_identifiers_as_text_are_left_out(tmp_path: Path, cells: list[str]) -> None:
    with pytest.raises(TaskError, match=r"'x' is left out: identifiers that differ in most rows"):
        column_of(tmp_path, cells)


def test_a_whole_number_that_is_another_in_each_row_is_named(tmp_path: Path) -> None:
    _, column = column_of(tmp_path, [1000 + 7 * row for row in range(60)])
    assert column.kind == "number"
    assert "each row has another whole number, like an identifier" in column.warning


def test_dates_in_a_notation_that_may_mean_two_things_are_named(tmp_path: Path) -> None:
    _, column = column_of(tmp_path, ["01/02/2024", "03/04/2024"])
    assert column.kind == "category"
    assert "look like dates or times" in column.warning


def test_dates_of_which_some_have_the_day_first_and_some_the_month_are_not_read(tmp_path: Path) -> None:
    _, column = column_of(tmp_path, ["31/12/2024", "12/31/2024"])
    assert column.kind == "category"
    assert "look like dates or times" in column.warning


@pytest.mark.parametrize("order", ["day", "month"])
def test_which_of_day_and_month_was_read_first_is_said(tmp_path: Path, order: str) -> None:
    _, column = column_of(tmp_path, ["31/12/2024" if order == "day" else "12/31/2024", "01/02/2024"])
    assert column.warning == f"read with the {order} first, as days since 1970 (else say ignore: [x])"


def test_cells_that_are_all_in_parentheses_are_no_negative_numbers(tmp_path: Path) -> None:
    assert column_of(tmp_path, ["(1)", "(2)", "(3)"])[1].kind == "category"


def test_samples_have_another_hash_where_they_are_read_in_another_way(tmp_path: Path) -> None:
    for cells in (["31/12/2024", "01/02/2024"], ["(5)", "7"]):
        read, _ = column_of(tmp_path, cells)
        categories, _ = column_of(tmp_path, cells, categorical=("x",))
        assert read.info.sha256 != categories.info.sha256


def test_a_column_that_never_varies_is_named(tmp_path: Path) -> None:
    assert column_of(tmp_path, [5])[1].warning == "used, although every row has the same value"
    assert column_of(tmp_path, ["a"])[1].warning == "used, although every row has the same value"


def test_codes_that_begin_with_zeros_are_named(tmp_path: Path) -> None:
    assert "begin with zeros" in column_of(tmp_path, ["007", "010", "123"])[1].warning


def test_missing_cells_are_counted_also_those_of_ones_own_marks(tmp_path: Path) -> None:
    dataset, column = column_of(tmp_path, [1, "", -999, 4, "N/A", 6], missing=("-999",))
    assert column.missing == 30
    assert dataset.info.inputs == (2,)


def test_ordinary_columns_have_no_warning(tmp_path: Path) -> None:
    assert column_of(tmp_path, [0.5, 1.5, 2.5])[1].warning == ""
    assert column_of(tmp_path, ["a", "b", "c"])[1].warning == ""


LABELS = [
    (["7", "007"], ("007", "7")),
    (["1E2", "100"], ("100", "1E2")),
    (["9007199254740992", "9007199254740993"], ("9007199254740992", "9007199254740993")),
    (["1", "1.0", "2"], ("1", "2")),
    (["1.0", "2.0"], ("1.0", "2.0")),
    (["10", "9", "-1"], ("-1", "9", "10")),
    (["2.5", "2.50"], ("2.5", "2.50")),
]


@pytest.mark.parametrize(("labels", "classes"), LABELS)
def test_classes_are_called_what_the_file_calls_them(
    tmp_path: Path, labels: list[str], classes: tuple[str, ...]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,y\n" + "".join(f"{row},{labels[row % len(labels)]}\n" for row in range(60)))
    assert load(spec(file, kind="classification")).info.classes == classes


def test_codes_as_a_target_are_classes(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,y\n" + "".join(f"{row},{row % 25:03}\n" for row in range(250)))
    assert load(spec(file)).info.outputs == 25


def test_a_class_that_only_the_test_file_has_is_named_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, str)
    test = tmp_path / "test.csv"
    test.write_text("x;y\n1;no\n2;perhaps\n")
    with pytest.raises(TaskError, match=r"test\.csv:3: class 'perhaps' stands only in the test file"):
        load(spec(file, test=str(test)))


def test_the_account_tells_classes_and_duplicates(tmp_path: Path) -> None:
    dataset, _ = column_of(tmp_path, [1, 2, 3, 4])
    assert dataset.info.class_counts == (45, 15)
    assert dataset.info.duplicates == (12, 12)
    assert "12 of 12 validation samples equal training samples" in " ".join(dataset.info.warnings)


def test_duplicates_of_the_test_samples_are_looked_for_in_all_that_the_best_is_retrained_on(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,y\n" + "".join(f"{row // 2},{row // 2 % 2}\n" for row in range(60)))
    dataset = load(spec(file))
    trained = np.concatenate([dataset.train.inputs, dataset.validation.inputs])
    assert dataset.info.duplicates[1] == np.isin(dataset.test.inputs, trained).sum()
    assert "test samples equal training or validation samples" in dataset.info.leak("test")


def test_time_stamps_keep_their_differences(tmp_path: Path) -> None:
    dataset, _ = column_of(tmp_path, [1_700_000_000_000_000_000 + row * 10**9 for row in range(60)])
    assert len(np.unique(dataset.train.inputs)) == 36
    assert dataset.train.inputs.std() == pytest.approx(1, abs=1e-3)


ODD = [
    (["3,4", "0,25", "12,5"], "n.v.", "a decimal comma"),
    (["42.1%", "7%", "3.5 %"], "k.A.", "'%'"),
    (["2024-01-01", "2024-02-03", "1999-12-31"], "unbekannt", "dates"),
    (["31/01/2024", "01/02/2024", "12/12/1999"], "unbekannt", "dates, read with the day first"),
    (["(1,200.00)", "2,500.50", "7"], "n/k", "parentheses as a minus sign"),
]


@pytest.mark.parametrize(("cells", "odd", "said"), ODD)
def test_a_cell_that_is_not_in_the_notation_of_its_column_is_named_with_the_way_out(
    tmp_path: Path, cells: list[str], odd: str, said: str
) -> None:
    with pytest.raises(TaskError, match=rf":4: column 'x' holds .*{said}.*, got '{odd}' .*missing: \[{odd}\]"):
        column_of(tmp_path, [*cells[:2], odd, *cells])
    _, column = column_of(tmp_path, [*cells[:2], odd, *cells], missing=(odd,))
    assert (column.kind in ("number", "date"), column.missing > 0) == (True, True)


def test_a_column_without_any_value_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,empty,y\n" + "".join(f"{row},,{row % 2}\n" for row in range(30)))
    dataset = load(spec(file))
    (empty,) = (column for column in dataset.info.columns if column.name == "empty")
    assert (empty.kind, dataset.info.inputs) == ("left out", (1,))
