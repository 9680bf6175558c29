"""The data sets of `benchmarks.real`: what a user would have on disk, and the same samples as arrays for the rivals.

The test samples are the data's own where it has some, else a fifth drawn with a fixed seed; all contestants get the
same. What is fitted to samples (a vocabulary, means, categories) is fitted to the training samples alone.
"""

import csv
import gzip
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MISSING = "?"


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """One data set, written to a folder and held as arrays."""

    task: Mapping[str, Any]
    """What the study file says under `task`."""
    kind: str
    """`classification` or `regression`."""
    raw_test: Any
    """The test samples as the exported network's `predict` takes them."""
    train: tuple[Array, Array]
    test: tuple[Array, Array]
    """Numbers for the rivals: inputs, and class numbers or targets."""
    answers: Array
    """What `predict` should say of each test sample."""
    coded: tuple[Array, Array] | None = None
    """Tables: the inputs with each category as one number, for trees; train and test."""
    categorical: tuple[int, ...] = ()
    """Which columns of `coded` are categories."""


def mnist(source: Path, folder: Path) -> Data:
    """Return handwritten digits: 60 000 + 10 000 grey images of 28×28."""
    return _images(source / "mnist.npz", folder)


def clothing(source: Path, folder: Path) -> Data:
    """Return photographs of clothes: 3 409 + 372 coloured images of 32×32; the validation part joins training."""
    return _images(source / "clothing32.npz", folder)


def adult(source: Path, folder: Path) -> Data:
    """Return who earns more than 50 000 dollars: a table of numbers and categories, 32 561 + 16 281 rows."""
    for part in ("train", "test"):
        with gzip.open(source / f"adult_{part}.csv.gz", "rb") as packed, (folder / f"{part}.csv").open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    tables = [_rows(folder / f"{part}.csv") for part in ("train", "test")]
    return _table(tables, folder, "income", "classification")


def wine(source: Path, folder: Path) -> Data:
    """Return the quality of wines, a number from 3 to 9: 12 columns, 5 197 + 1 300 rows."""
    with gzip.open(source / "winequality.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    chosen = np.random.default_rng(0).permutation(len(rows))
    held = set(chosen[: len(rows) // 5].tolist())
    tables = [[row for place, row in enumerate(rows) if (place in held) == test] for test in (False, True)]
    for part, table in zip(("train", "test"), tables, strict=True):
        _write(folder / f"{part}.csv", table)
    return _table(tables, folder, "quality", "regression")


def vowels(source: Path, folder: Path) -> Data:
    """Return who of nine men says a vowel: sequences of 7 to 29 steps, padded with zeros, 270 + 370."""
    with np.load(source / "japanese_vowels.npz") as arrays:
        padded = {part: _padded(arrays[f"x_{part}"], arrays[f"len_{part}"], 29) for part in ("train", "test")}
        labels = {part: arrays[f"y_{part}"].astype(np.int64) for part in ("train", "test")}
    return _arrays(folder, (padded["train"], labels["train"]), (padded["test"], labels["test"]))


def sms(source: Path, folder: Path) -> Data:
    """Return which text messages are spam: the 2 000 commonest words and pairs as tf-idf, 4 459 + 1 115."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    with gzip.open(source / "sms_spam.tsv.gz", "rt", encoding="utf-8") as lines:
        labels, texts = zip(*(line.rstrip("\n").split("\t", 1) for line in lines), strict=True)
    spam, messages = np.array([int(label == "spam") for label in labels]), np.array(texts)
    order = np.random.default_rng(0).permutation(len(spam))
    test, train = order[: len(spam) // 5], order[len(spam) // 5 :]
    words = TfidfVectorizer(max_features=2000, ngram_range=(1, 2), sublinear_tf=True).fit(messages[train])
    inputs = [words.transform(messages[part]).toarray().astype(np.float32) for part in (train, test)]
    return _arrays(folder, (inputs[0], spam[train]), (inputs[1], spam[test]))


READERS: Mapping[str, Callable[[Path, Path], Data]] = {
    "mnist": mnist,
    "clothing": clothing,
    "adult": adult,
    "wine": wine,
    "vowels": vowels,
    "sms": sms,
}


def _images(path: Path, folder: Path) -> Data:
    shutil.copyfile(path, folder / "data.npz")
    with np.load(path) as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    pairs = [(parts[f"x_{part}"], parts[f"y_{part}"].astype(np.int64)) for part in ("train", "validation", "test")
             if f"x_{part}" in parts]  # fmt: skip
    train = tuple(np.concatenate(side) for side in zip(*pairs[:-1], strict=True))
    test_inputs, test_labels = pairs[-1]
    scaled = [_channels(images) for images in (train[0], test_inputs)]
    mean, deviation = scaled[0].mean((0, 2, 3), keepdims=True), scaled[0].std((0, 2, 3), keepdims=True)
    ready = [(images - mean) / deviation for images in scaled]
    task = {"npz": {"path": "data.npz"}}
    return Data(task, "classification", test_inputs, (ready[0], train[1]), (ready[1], test_labels), test_labels)


def _channels(images: Array) -> Array:
    """Return images as (samples, channels, height, width) from 0 to 1."""
    axes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(axes, np.float32) / 255


def _padded(rows: Array, lengths: Array, steps: int) -> Array:
    sequences = np.split(rows, np.cumsum(lengths)[:-1])
    padded = np.zeros((len(sequences), steps, rows.shape[1]), np.float32)
    for place, sequence in enumerate(sequences):
        padded[place, : len(sequence)] = sequence
    return padded


def _arrays(folder: Path, train: tuple[Array, Array], test: tuple[Array, Array]) -> Data:
    np.savez(folder / "data.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
    return Data({"npz": {"path": "data.npz"}}, "classification", test[0], train, test, test[1])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _table(tables: list[list[dict[str, str]]], folder: Path, target: str, kind: str) -> Data:
    names = [name for name in tables[0][0] if name != target]
    columns = [{name: [row[name] for row in table] for name in names} for table in tables]
    texts = tuple(place for place, name in enumerate(names) if not _numeric(columns[0][name]))
    answers = [np.array([row[target] for row in table]) for table in tables]
    if kind == "regression":
        targets = [cells.astype(float) for cells in answers]
    else:
        classes = np.unique(answers[0])
        targets = [np.searchsorted(classes, cells) for cells in answers]
    grid = [np.array([part[name] for name in names], dtype=object).T for part in columns]
    coded, wide = _coded(grid, texts), _wide(grid, texts)
    return Data(
        {"csv": {"path": "train.csv", "target": target, "kind": kind, "test": "test.csv"}},
        kind,
        columns[1],
        (wide[0], targets[0]),
        (wide[1], targets[1]),
        targets[1] if kind == "regression" else answers[1],
        (coded[0], coded[1]),
        texts,
    )


def _numeric(cells: list[str]) -> bool:
    return all(cell == MISSING or cell.replace(".", "", 1).replace("-", "", 1).isdigit() for cell in cells)


def _coded(grid: list[Array], texts: tuple[int, ...]) -> list[Array]:
    from sklearn.preprocessing import OrdinalEncoder

    coded = [table.copy() for table in grid]
    if texts:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(grid[0][:, texts])
        for table, into in zip(grid, coded, strict=True):
            into[:, texts] = encoder.transform(table[:, texts])
    return [table.astype(float) for table in coded]


def _wide(grid: list[Array], texts: tuple[int, ...]) -> list[Array]:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [place for place in range(grid[0].shape[1]) if place not in texts]
    steps = [
        ("numbers", StandardScaler(), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(texts)),
    ]
    encoder = ColumnTransformer(steps).fit(grid[0])
    return [np.asarray(encoder.transform(table), np.float32) for table in grid]
