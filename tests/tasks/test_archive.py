"""Arrays from files that are damaged, hostile or of another kind: one sentence each; and names that are not used."""

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search_spaces.candidate import Named, Settings, Value
from workers import free_memory as machine
from workers.datasets.dataset import load
from workers.errors import TaskError
from workers.messages import TaskInfo, TaskSpec

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.arange(60) % 3


def info(folder: Path, arrays: Mapping[str, NDArray[np.generic]], **settings: Value) -> TaskInfo:
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]  # numpy takes any name
    return described(folder / "arrays.npz", **settings)


def described(path: Path, **settings: Value) -> TaskInfo:
    return load(TaskSpec(Named("npz", Settings({"path": str(path), **settings})))).info


def refused(folder: Path, arrays: Mapping[str, NDArray[np.generic]], **settings: Value) -> str:
    with pytest.raises(TaskError) as caught:
        info(folder, arrays, **settings)
    return str(caught.value)


def npy(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def archive(folder: Path, **members: bytes) -> Path:
    path = folder / "arrays.npz"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + b"\0" * 64


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a shape that the file does not hold": (lambda: header("(1000000000000,)"), "array 'x' is damaged: 64 bytes"),
    "a shape beyond all numbers": (lambda: header(f"(1{'0' * 30}, 1{'0' * 30})"), "array 'x' is damaged"),
    "an axis below zero": (lambda: header("(-1, -8)"), "an axis of negative length"),
    "a header that is no header": (lambda: header("__import__('os')"), "array 'x' cannot be read"),
    "objects": (lambda: header("(8,)", "'|O'"), "holds Python objects"),
    "another format": (lambda: b"hello", "array 'x' cannot be read"),
    "a version to come": (lambda: b"\x93NUMPY\x09\x00" + b"\0" * 100, "the format 9.0, which is not known"),
    "nothing": (lambda: b"", "array 'x' cannot be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_array_is_one_sentence(tmp_path: Path, name: str) -> None:
    content, said = HOSTILE[name]
    with pytest.raises(TaskError) as caught:
        described(archive(tmp_path, x=content(), y=npy(Y)))
    assert said in str(caught.value)
    assert "pickle" not in str(caught.value)


def test_a_file_with_any_byte_changed_is_read_or_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path, x=npy(X), y=npy(Y)).read_bytes()
    generator = np.random.default_rng(0)
    for place in generator.integers(0, len(whole), 150).tolist():
        (tmp_path / "arrays.npz").write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with suppress(TaskError):
            described(tmp_path / "arrays.npz")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b,y\n1,2,0\n", "it looks like a table, which the task csv reads"),
        (b"\x80\x04\x95", "not an .npz file but Python objects"),
        (b"", "not an .npz file, it is empty"),
        (b"PK\x03\x04 torn", "cut off, or damaged"),
    ],
)
def test_files_of_another_kind_are_called_what_they_are(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "arrays.npz").write_bytes(content)
    with pytest.raises(TaskError, match=said):
        described(tmp_path / "arrays.npz")


def test_arrays_that_would_not_fit_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "room", lambda: 1000)
    said = refused(tmp_path, {"x": X, "y": Y})
    assert "its arrays unpack to 0 MB; reading them would take 0.0 GB of memory, and 0.0 GB are there" in said


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_validation_arrays_are_the_validation_samples(tmp_path: Path, name: str) -> None:
    arrays = {"x_train": X, "y_train": Y, f"X_{name}": X[:9], f"y_{name}": Y[:9]}
    assert info(tmp_path, arrays).samples[1] == 9


@pytest.mark.parametrize("names", [("x", "X"), ("x_val", "x_valid"), ("x", "x_train")])
def test_two_names_for_one_thing_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    arrays = {names[0]: X, names[1]: X, "y": Y, "y_train": Y, "x_train": X}
    assert "are two names for one thing" in refused(tmp_path, arrays)


def test_arrays_that_are_not_used_are_named(tmp_path: Path) -> None:
    found = info(tmp_path, {"x": X, "y": Y, "weights": Y, "x_test": X, "y_test": Y})
    assert found.warnings[0] == "3 arrays are not used: x_test (60×4), y_test (60), weights (60)"


def test_one_hot_rows_are_classes_also_as_floats(tmp_path: Path) -> None:
    found = info(tmp_path, {"x": X, "y": np.eye(3)[Y], "classes": np.array(["a", "b", "c"])})
    assert (found.kind, found.classes) == ("classification", ("a", "b", "c"))
    assert "one-hot" in found.target
    assert info(tmp_path, {"x": X, "y": np.eye(3)[Y]}, kind="regression").outputs == 3


def test_whole_numbers_as_floats_are_classes(tmp_path: Path) -> None:
    found = info(tmp_path, {"x": X, "y": Y.astype(float)})
    assert (found.kind, found.classes) == ("classification", ("0", "1", "2"))


def test_whole_numbers_that_differ_in_most_samples_are_a_regression(tmp_path: Path) -> None:
    assert info(tmp_path, {"x": X, "y": np.arange(60) * 1000}).kind == "regression"


def test_labels_that_are_not_finite_are_named(tmp_path: Path) -> None:
    y = Y.astype(float)
    y[7] = np.nan
    assert "the label NaN in sample 7" in refused(tmp_path, {"x": X, "y": y}, kind="classification")


def test_the_label_that_no_name_belongs_to_is_named(tmp_path: Path) -> None:
    assert "y has class -1, but" in refused(tmp_path, {"x": X, "y": Y - 1, "classes": np.array(["a", "b", "c"])})


def test_a_class_of_the_test_part_alone_is_named(tmp_path: Path) -> None:
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:2], "y_test": np.array([0, 7])}
    assert "class 7 stands only in y_test, sample 1" in refused(tmp_path, arrays)


@pytest.mark.parametrize("shape", [(60, 0), (60,), (60, 8, 0), (60, 0, 8, 3)])
def test_samples_without_numbers_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert "x has " in refused(tmp_path, {"x": np.zeros(shape), "y": Y})


def test_classes_that_are_no_list_of_names_are_refused(tmp_path: Path) -> None:
    assert "classes needs one name a class" in refused(tmp_path, {"x": X, "y": Y, "classes": np.array("cat")})
