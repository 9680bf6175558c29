"""Every initialiser: the spread it promises, from its generator alone."""

import math

import pytest
import torch
from torch import Tensor

from workers.layers._initialisers import INCOMING, INITIALISERS, initialise

NAMES = sorted(INITIALISERS)
DEVIATION = {
    "normal": 1 / math.sqrt(400),
    "uniform": 1 / math.sqrt(3 * 400),
    "glorot": math.sqrt(2 / 600),
    "he": math.sqrt(2 / 400),
    "orthogonal": 1 / math.sqrt(400),
    "sparse": math.sqrt(2 / 400),
}


def drawn(name: str, *shape: int, seed: int = 0) -> Tensor:
    weight = torch.empty(shape)
    initialise(weight, name, torch.Generator().manual_seed(seed))
    return weight


def test_there_are_six_initialisers() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_weights_have_mean_zero_and_the_deviation_of_their_rule(name: str) -> None:
    weight = drawn(name, 200, 400)
    assert abs(float(weight.mean())) < 0.05 * DEVIATION[name]
    assert math.isclose(float(weight.std()), DEVIATION[name], rel_tol=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_a_convolution_counts_its_whole_window_as_inputs(name: str) -> None:
    weight = drawn(name, 64, 16, 5, 5)
    expected = math.sqrt(2 / (25 * 80)) if name == "glorot" else DEVIATION[name]
    assert math.isclose(float(weight.std()), expected, rel_tol=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_weights_depend_on_their_generator_alone(name: str) -> None:
    torch.manual_seed(1)
    first = drawn(name, 6, 20)
    torch.manual_seed(2)
    assert torch.equal(first, drawn(name, 6, 20))
    assert not torch.equal(first, drawn(name, 6, 20, seed=1))


def test_orthogonal_rows_are_orthonormal() -> None:
    weight = drawn("orthogonal", 10, 30)
    torch.testing.assert_close(weight @ weight.T, torch.eye(10))


def test_sparse_leaves_a_few_weights_into_each_unit() -> None:
    assert torch.count_nonzero(drawn("sparse", 20, 100), dim=1).tolist() == [INCOMING] * 20


def test_sparse_keeps_all_weights_of_a_narrow_layer() -> None:
    assert torch.count_nonzero(drawn("sparse", 20, 4)) == 80
