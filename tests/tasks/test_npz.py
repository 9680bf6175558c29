"""A user's own arrays: images, sequences, vectors, given parts, and every way a file can be wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search_spaces.candidate import Named, Settings
from workers.datasets.dataset import load
from workers.errors import TaskError
from workers.messages import TaskSpec

Save = Callable[..., str]
Y = np.arange(20) % 2


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(**arrays: NDArray[np.generic]) -> str:
        np.savez_compressed(tmp_path / "arrays.npz", **arrays)  # type: ignore[arg-type]
        return str(tmp_path / "arrays.npz")

    return saved


def spec(path: str, **settings: str | bool) -> TaskSpec:
    return TaskSpec(Named("npz", Settings(path=path, **settings)))


def error(path: str, **settings: str) -> str:
    with pytest.raises(TaskError) as caught:
        load(spec(path, **settings))
    return caught.value.message


def values(*shape: int, dtype: type = np.float32) -> NDArray[np.generic]:
    return np.random.default_rng(0).integers(0, 255, (20, *shape)).astype(dtype)


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "inputs"),
    [
        ((5,), np.float32, "auto", (5,)),
        ((7, 3), np.float32, "auto", (7, 3)),
        ((8, 6), np.uint8, "auto", (1, 8, 6)),
        ((8, 6), np.float32, "NHW", (1, 8, 6)),
        ((8, 6, 3), np.uint8, "auto", (3, 8, 6)),
        ((3, 8, 6), np.uint8, "auto", (3, 8, 6)),
        ((2, 8, 6), np.uint8, "NCHW", (2, 8, 6)),
        ((8, 6, 2), np.uint8, "NHWC", (2, 8, 6)),
    ],
)
def test_the_layout_gives_the_shape(
    save: Save, shape: tuple[int, ...], dtype: type, layout: str, inputs: tuple[int, ...]
) -> None:
    assert load(spec(save(x=values(*shape, dtype=dtype), y=Y), layout=layout)).info.inputs == inputs


def test_channels_are_moved_not_reshaped(save: Save) -> None:
    x = values(8, 6, 3, dtype=np.uint8)
    dataset = load(spec(save(x=x, y=Y), standardise=False))
    images = np.concatenate([dataset.train.inputs, dataset.validation.inputs, dataset.test.inputs])
    assert any(np.allclose(image, x[0].transpose(2, 0, 1) / 255) for image in images)


def test_bytes_that_are_not_standardised_are_0_to_1(save: Save) -> None:
    train = load(spec(save(x=values(8, 6, dtype=np.uint8), y=Y), standardise=False)).train.inputs
    assert 0.9 < train.max() <= 1


def test_each_channel_is_standardised(save: Save) -> None:
    train = load(spec(save(x=values(3, 8, 6, dtype=np.uint8), y=Y))).train.inputs
    assert np.allclose(train.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(train.std(axis=(0, 2, 3)), 1, atol=1e-5)


def test_large_numbers_keep_their_differences(save: Save) -> None:
    x = 1.7e9 + np.arange(20.0)[:, None]
    assert len(np.unique(load(spec(save(x=x, y=Y))).train.inputs)) == 12


def test_a_given_test_part_is_the_test_split(save: Save) -> None:
    dataset = load(spec(save(x_train=values(4), y_train=Y, x_test=values(4)[:6], y_test=Y[:6])))
    assert dataset.info.samples == (16, 4, 6)
    assert dataset.test.targets.tolist() == Y[:6].tolist()


def test_a_given_validation_part_is_kept_too(save: Save) -> None:
    part = {"x_validation": values(4)[:5], "y_validation": Y[:5], "x_test": values(4)[:6], "y_test": Y[:6]}
    assert load(spec(save(x_train=values(4), y_train=Y, **part))).info.samples == (20, 5, 6)


def test_test_samples_do_not_change_train(save: Save) -> None:
    folds = []
    for factor in (1, 1000):
        path = save(x_train=values(4), y_train=Y, x_test=values(4) * factor, y_test=Y)
        folds.append(load(spec(path)).train.inputs.tobytes())
    assert folds[0] == folds[1]


def test_classes_are_named(save: Save) -> None:
    assert load(spec(save(x=values(4), y=Y, classes=np.array(["cat", "dog"])))).info.classes == ("cat", "dog")


def test_classes_may_be_text_or_any_numbers(save: Save) -> None:
    assert load(spec(save(x=values(4), y=np.where(Y, "b", "a")))).info.classes == ("a", "b")
    assert load(spec(save(x=values(4), y=Y * 10 - 5))).info.classes == ("-5", "5")


def test_real_targets_are_a_regression_of_as_many_outputs(save: Save) -> None:
    info = load(spec(save(x=values(4), y=values(3)))).info
    assert (info.kind, info.outputs, len(info.target_scale)) == ("regression", 3, 3)


def test_whole_numbers_can_be_declared_a_regression(save: Save) -> None:
    assert load(spec(save(x=values(4), y=Y), kind="regression")).info.outputs == 1


def test_objects_are_never_unpickled(save: Save) -> None:
    assert "holds Python objects" in error(save(x=np.array([{}] * 20, dtype=object), y=Y))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "arrays.npz").write_text("hello")
    assert "not an .npz file" in error(str(tmp_path / "arrays.npz"))


def test_a_torn_file_is_refused(save: Save) -> None:
    path = Path(save(x=values(4), y=Y))
    path.write_bytes(path.read_bytes()[:-100])
    assert "not a sound .npz file: cut off" in error(str(path))


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, Y)
    assert "holds one array" in error(str(tmp_path / "array.npz"))


def test_a_missing_array_names_the_nearest(save: Save) -> None:
    assert "array 'y_trian' belongs to no part (did you mean 'y_train'?)" in error(save(x_train=values(4), y_trian=Y))
    assert "no array 'y' (did you mean 'yy'?)" in error(save(x=values(4), yy=Y))


def test_different_lengths_are_refused(save: Save) -> None:
    assert "x (20×4) and y (19) need as many samples" in error(save(x=values(4), y=Y[:19]))


def test_sequences_that_stand_one_after_the_other_are_named_with_what_to_do(save: Save) -> None:
    said = error(save(x=values(4), y=Y[:10], lengths=np.full(10, 2)))
    assert "'lengths' looks like the lengths of sequences that stand one after the other; pad them to x" in said


def test_an_array_of_lengths_is_not_used_and_it_is_said_what_that_means(save: Save) -> None:
    (told,) = load(spec(save(x=values(5, 4), y=Y, lengths=np.full(20, 5)))).info.warnings
    assert told == "1 array is not used: lengths (20); padding counts as data unless a feature of x marks it"


def test_zero_samples_are_refused(save: Save) -> None:
    assert "at least one" in error(save(x=values(4)[:0], y=Y[:0]))


def test_parts_of_other_shapes_are_refused(save: Save) -> None:
    path = save(x_train=values(4), y_train=Y, x_test=values(5), y_test=Y)
    assert "samples of x_test have shape 5, those of x_train 4" in error(path)


def test_text_inputs_are_refused(save: Save) -> None:
    assert "x needs numbers, got <U1" in error(save(x=np.array([["a"]] * 20), y=Y))


def test_a_layout_of_other_axes_is_refused(save: Save) -> None:
    assert "NHWC needs 4 axes, x has 2" in error(save(x=values(4), y=Y), layout="NHWC")


def test_axes_that_cannot_be_told_are_refused(save: Save) -> None:
    assert "cannot tell what the axes of x" in error(save(x=values(8, 6, 2), y=Y))


def test_one_class_is_refused(save: Save) -> None:
    assert "y has one class alone, 0" in error(save(x=values(4), y=Y * 0))


def test_too_few_names_of_classes_are_refused(save: Save) -> None:
    assert "y has class 1, but classes has 1 name," in error(save(x=values(4), y=Y, classes=np.array(["cat"])))


def test_nan_in_the_inputs_is_found(save: Save) -> None:
    x = values(4)
    x[7, 2] = np.nan
    assert "the inputs hold NaN or infinity, first in sample 7" in error(save(x=x, y=Y))


def test_nan_in_the_targets_is_found(save: Save) -> None:
    y = values(2)
    y[7, 1] = np.inf
    assert "the targets hold NaN or infinity, first in sample 7" in error(save(x=values(4), y=y))
