"""What a task says against one of its settings names the path of that setting in the study file."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from search_spaces.candidate import Named, Settings, Value
from workers.datasets.dataset import load
from workers.errors import TaskError
from workers.messages import Split, TaskSpec

TABLE = "x,z,y,one,gone\n" + "".join(f"{row}.5,{'ab'[row % 2]},{'no' if row % 3 else 'yes'},1,\n" for row in range(30))
OF_A_TABLE: Mapping[str, Mapping[str, Value]] = {
    "path": {"path": "elsewhere.csv"},
    "path, that is empty": {"path": ""},
    "target": {"target": "w"},
    "target, that is empty": {"target": ""},
    "target, of one class": {"target": "one"},
    "target, that is missing everywhere": {"target": "gone"},
    "kind": {"kind": "regression"},
    "kind, that there is none of": {"kind": "regresion"},
    "test": {"test": "elsewhere.csv"},
    "test, with other columns": {"test": "other.csv"},
    "test, with a class of its own": {"test": "unseen.csv"},
    "numeric": {"numeric": ("w",)},
    "numeric, of texts": {"numeric": ("z",)},
    "categorical": {"categorical": "w"},
    "categorical, and numeric too": {"categorical": "z", "numeric": "z"},
    "ignore": {"ignore": "w"},
    "ignore, of all there is": {"ignore": ("x", "z", "one", "gone")},
    "missing_target": {"missing_target": "refuse", "target": "z", "missing": "a"},
    "columns": {"columns": ("x", "y")},
    "columns, too few": {"columns": ("x", "y"), "header": False},
    "columns, two of a name": {"columns": ("a", "b", "y", "d", "a"), "header": False},
    "encoding": {"encoding": "utf-8", "path": "latin.csv"},
    "decimal": {"path": "thousands.csv"},
    "max_categories": {"max_categories": 0},
}
OF_ARRAYS: Mapping[str, Mapping[str, Value]] = {
    "path": {"path": "elsewhere.npz"},
    "path, of a table": {"path": "table.csv"},
    "layout": {"layout": "NHWC"},
    "layout, that cannot be told": {"path": "odd.npz"},
    "kind": {"kind": "regression"},
    "kind, of several numbers": {"kind": "classification", "path": "several.npz"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "unseen.csv").write_text(TABLE.partition("\n")[0] + "\n1.5,a,maybe,1,\n")
    (tmp_path / "latin.csv").write_bytes("x,y\n1,né\n".encode("latin-1"))
    (tmp_path / "thousands.csv").write_text("x;y\n" + "1,234;yes\n2,345;no\n" * 9)
    x = np.ones((20, 4), np.float32)
    np.savez(tmp_path / "arrays.npz", x=x, y=np.array(["a", "b"] * 10))
    np.savez(tmp_path / "several.npz", x=x, y=x)
    np.savez(tmp_path / "odd.npz", x=np.ones((20, 8, 6, 2), np.float32), y=np.array(["a", "b"] * 10))
    return tmp_path


def refused(task: str, folder: Path, settings: Mapping[str, Value]) -> TaskError:
    """Return what is raised of a task; the names of files are made paths in the folder."""
    usual: Mapping[str, Value] = {"path": "table.csv", "target": "y"} if task == "csv" else {"path": "arrays.npz"}
    given = {**usual, **settings}
    for name in ("path", "test"):
        if file := given.get(name):
            given[name] = str(folder / str(file))
    with pytest.raises(TaskError) as raised:
        load(TaskSpec(Named(task, Settings(given))))
    return raised.value


@pytest.mark.parametrize("setting", OF_A_TABLE)
def test_a_wrong_setting_of_a_table_is_named_by_its_path(setting: str, folder: Path) -> None:
    assert refused("csv", folder, OF_A_TABLE[setting]).path == f"task.csv.{setting.partition(',')[0]}"


@pytest.mark.parametrize("setting", OF_ARRAYS)
def test_a_wrong_setting_of_arrays_is_named_by_its_path(setting: str, folder: Path) -> None:
    assert refused("npz", folder, OF_ARRAYS[setting]).path == f"task.npz.{setting.partition(',')[0]}"


@pytest.mark.parametrize(
    ("split", "loss", "path"),
    [
        (Split(validation=0.0), "", "split.validation"),
        (Split(test=1.5), "", "split.test"),
        (Split(0.5, 0.5), "", "split"),
        (Split(), "mse", "loss"),
    ],
)
def test_a_wrong_split_or_loss_is_named_by_its_path(split: Split, loss: str, path: str) -> None:
    with pytest.raises(TaskError) as raised:
        load(TaskSpec(Named("wine"), split, loss))
    assert raised.value.path == path


def test_what_is_wrong_with_the_samples_has_no_path(folder: Path) -> None:
    (folder / "ragged.csv").write_text("x,y\n1,2\n1\n")
    error = refused("csv", folder, {"path": "ragged.csv"})
    assert (error.path, str(error)) == ("", error.message)


def test_columns_of_a_file_without_a_header_are_called_as_they_are_said_to_be(folder: Path) -> None:
    (folder / "bare.csv").write_text("".join(f"{row},{row % 2}\n" for row in range(30)))
    settings = Settings(path=str(folder / "bare.csv"), header=False, columns=("width", "kind"), target="kind")
    assert load(TaskSpec(Named("csv", settings))).preprocessing.inputs["columns"][0]["name"] == "width"


def test_it_comes_whole_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(TaskError("no such column", "task.csv.target")))
    assert (str(error), error.path) == ("task.csv.target: no such column", "task.csv.target")
