"""How numbers are scaled: in double precision, and with outliers that neither squeeze nor explode the others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tables import column_of

from search_spaces.candidate import Named, Settings
from workers.datasets.dataset import Dataset, load
from workers.datasets.scaling import CLIP, Scaling, _every, measured
from workers.datasets.transforms import prepare_array
from workers.errors import TaskError
from workers.messages import TaskSpec
from workers.tasks.protocol import Array

NORMAL = np.random.default_rng(0).normal(size=(2000, 1))


def of(values: NDArray[np.generic]) -> Scaling:
    return measured(lambda: iter([values[:700], values[700:]]))


def scaled(values: NDArray[np.generic], found: Scaling) -> NDArray[np.float32]:
    settings = {"layout": "plain", "divisor": 1.0, "mean": found.offset, "scale": found.scale, "clip": found.clip}
    return prepare_array(values, settings)


def loaded(folder: Path, x: NDArray[np.generic], y: NDArray[np.generic]) -> Dataset:
    np.savez(folder / "arrays.npz", x=x, y=y)
    return load(TaskSpec(Named("npz", Settings(path=str(folder / "arrays.npz")))))


def test_ordinary_numbers_have_mean_and_deviation_alone() -> None:
    found = of(NORMAL * 3 + 7)
    assert found.clip == (0.0,)
    assert found.offset[0] == pytest.approx(NORMAL.mean() * 3 + 7)
    assert found.scale[0] == pytest.approx(NORMAL.std() * 3)


def test_a_value_that_is_far_off_is_bent_and_the_others_stay() -> None:
    values = NORMAL.copy()
    values[5] = 12
    found = of(values)
    prepared = scaled(values, found)
    assert found.clip == (CLIP,)
    assert np.allclose(np.delete(prepared, 5), np.delete((values - values.mean()) / values.std(), 5), atol=0.1)
    assert 8 < prepared[5, 0] < 12


def test_outliers_that_are_the_deviation_do_not_squeeze_the_others() -> None:
    values = NORMAL.copy()
    values[5], values[6] = 1e6, -1e12
    prepared = scaled(values, of(values))
    assert 0.8 < np.delete(prepared, [5, 6]).std() < 1.2
    assert (np.abs(prepared) <= CLIP).all()


def test_numbers_that_are_nearly_all_the_same_keep_mean_and_deviation() -> None:
    values = np.zeros((2000, 1))
    values[:10] = 1
    found = of(values)
    assert found.offset[0] == pytest.approx(0.005)
    assert scaled(values, found).max() == pytest.approx(CLIP / np.hypot(1, CLIP * values.std() / 0.995), rel=1e-3)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.float64])
@pytest.mark.parametrize("start", [1_700_000_000, -1_700_000_000])
def test_large_numbers_are_measured_in_double_precision(dtype: type[np.number[Any]], start: int) -> None:
    if start < 0 and dtype is np.uint32:
        return
    values = (start + np.arange(2000))[:, None].astype(dtype)
    prepared = scaled(values, of(values))
    assert len(np.unique(prepared)) == 2000
    assert prepared.std() == pytest.approx(1, abs=1e-5)


def test_numbers_near_the_largest_there_are_stay_finite() -> None:
    found = of(NORMAL * 1e300)
    assert np.isfinite([*found.offset, *found.scale]).all()
    assert scaled(NORMAL * 1e300, found).std() == pytest.approx(1, abs=1e-3)


def test_the_largest_numbers_there_are_are_read_or_refused_without_a_warning(tmp_path: Path) -> None:
    with np.errstate(all="raise", under="ignore"):
        dataset, _ = column_of(tmp_path, ["1e308", "-1e308", "1.7e308", "0"])
        assert np.isfinite(dataset.train.inputs).all()


def test_a_feature_that_never_varies_is_zero() -> None:
    assert (scaled(np.full((2000, 1), 0.1), of(np.full((2000, 1), 0.1))) == 0).all()


def test_targets_whose_squares_are_infinite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"the targets reach 1\.\d+e\+300: their squared errors are infinite"):
        loaded(tmp_path, NORMAL, NORMAL[:, 0] / np.abs(NORMAL).max() * 1.5e300)


def test_a_target_far_from_all_others_is_named(tmp_path: Path) -> None:
    y = NORMAL[:, 0].copy()
    y[3] = 1e4
    info = loaded(tmp_path, NORMAL, y).info
    assert "deviations from the mean: it decides the squared error (loss: huber" in " ".join(info.warnings)


def test_images_keep_mean_and_deviation_of_each_channel(tmp_path: Path) -> None:
    x = np.zeros((60, 8, 8, 3), np.uint8)
    x[0, 0, 0] = 255
    assert not any(loaded(tmp_path, x, np.arange(60) % 2).preprocessing.inputs["clip"])


def test_the_account_names_columns_that_were_scaled_for_their_outliers(tmp_path: Path) -> None:
    _, column = column_of(tmp_path, [0.5, 1.5, 2.5, 1.25, 0.75] * 11 + [1, 2, 3, 1, 1e6])
    assert column.scaling in ("median and spread, outliers bent", "mean and deviation, outliers bent")


def test_values_are_taken_at_equal_distances_across_parts() -> None:
    values = np.arange(20.0)[:, None]
    cut = [values[:7], values[7:9], values[9:]]
    taken = np.concatenate(list(_every(lambda: iter(cut), 3)))
    assert taken.ravel().tolist() == list(range(0, 20, 3))


def test_parts_are_gone_over_a_fixed_number_of_times_whatever_the_number_of_features() -> None:
    rows = np.random.default_rng(0).standard_cauchy((400, 300))
    passes = 0

    def parts() -> Iterator[Array]:
        nonlocal passes
        passes += 1
        yield rows

    assert set(measured(parts).clip) == {CLIP}
    assert passes < 10
