"""Families: the layers that an architecture becomes, and the ones that are impossible."""

from itertools import pairwise

import pytest

from search_spaces.candidate import Architecture, Settings, Value
from search_spaces.errors import BuildError
from search_spaces.families import build
from search_spaces.network import Network
from search_spaces.ops import name_of
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.linear import Linear
from search_spaces.ops.norm import Norm
from search_spaces.ops.protocol import Shape
from search_spaces.ops.residual import Residual

IMAGE, SEQUENCE, VECTOR = (1, 8, 8), (7, 6), (10,)


def made(family: str, inputs: Shape, **settings: Value) -> Network:
    return build(Architecture(family, Settings(settings)), inputs, 3)


def names(family: str, inputs: Shape, **settings: Value) -> list[str]:
    return [name_of(op) for op in made(family, inputs, **settings).ops]


def test_an_mlp_is_hidden_layers_and_a_linear_layer_to_the_outputs() -> None:
    hidden = ["linear", "norm", "activation", "dropout"]
    assert names("mlp", VECTOR, depth=2, norm="batch", dropout=0.1) == [*hidden, *hidden, "linear"]


@pytest.mark.parametrize("inputs", [IMAGE, SEQUENCE])
def test_an_mlp_flattens_images_and_sequences(inputs: Shape) -> None:
    assert names("mlp", inputs, depth=1)[0] == "flatten"


def test_each_layer_has_its_own_width() -> None:
    widths = [op.features for op in made("mlp", VECTOR, depth=3, width=(9, 8, 7)).ops if isinstance(op, Linear)]
    assert widths == [9, 8, 7, 3]


def test_maxout_is_as_wide_as_it_says_after_it() -> None:
    assert made("mlp", VECTOR, depth=1, width=9, activation="maxout").shapes == ((10,), (18,), (9,), (3,))


@pytest.mark.parametrize(("family", "inputs"), [("mlp", VECTOR), ("cnn", IMAGE), ("recurrent", SEQUENCE)])
def test_there_is_no_bias_before_a_norm(family: str, inputs: Shape) -> None:
    dense = {} if family == "mlp" else {"dense": 8}
    ops = made(family, inputs, norm="layer", **dense).ops
    before = [one for one, other in pairwise(ops) if isinstance(other, Norm)]
    assert before
    assert not any(op.bias for op in before if isinstance(op, Linear | Conv2d))


def test_groups_that_do_not_divide_become_the_largest_divisor() -> None:
    norms = [op for op in made("mlp", VECTOR, width=(12, 7), norm="group", groups=5).ops if isinstance(op, Norm)]
    assert [norm.groups for norm in norms] == [4, 1]


def test_a_cnn_is_stages_of_blocks() -> None:
    settings: dict[str, Value] = {"blocks": (2, 1), "pooling": ("max", "none"), "norm": "batch", "dense": 8}
    block = ["conv2d", "norm", "activation"]
    dense = ["global_pool", "linear", "norm", "activation", "linear"]
    assert names("cnn", IMAGE, **settings) == [*block, *block, "pool", *block, *dense]


def test_a_residual_block_has_a_shortcut_only_where_channels_change() -> None:
    ops = made("cnn", IMAGE, stages=1, blocks=2, channels=8, residual=True).ops
    assert [op.shortcut for op in ops if isinstance(op, Residual)] == [(Conv2d(8, 1),), ()]


def test_a_cnn_without_pooling_keeps_the_image() -> None:
    assert made("cnn", IMAGE, pooling="none", head="flatten").shapes[-2] == (16 * 64,)


def test_a_recurrent_network_reads_an_image_row_by_row() -> None:
    assert made("recurrent", (2, 8, 6)).shapes[:3] == ((2, 8, 6), (8, 12), (8, 32))


def test_a_recurrent_network_reads_a_vector_number_by_number() -> None:
    assert made("recurrent", VECTOR).shapes[1] == (10, 1)


def test_both_directions_double_the_features() -> None:
    assert made("recurrent", SEQUENCE, layers=2, hidden=(8, 4), bidirectional=True).shapes[1:3] == ((7, 16), (7, 8))


def test_a_recurrent_network_is_layers_a_pooling_and_a_head() -> None:
    settings: dict[str, Value] = {"layers": 2, "dropout": (0.1, 0.0), "dense": 8, "norm": "layer"}
    assert names("recurrent", SEQUENCE, **settings) == [
        *["recurrent", "dropout", "recurrent", "sequence_pool"],
        *["linear", "norm", "activation", "linear"],
    ]


@pytest.mark.parametrize(
    ("family", "inputs", "settings", "message"),
    [
        (
            "cnn",
            VECTOR,
            {},
            "cnn needs images (channels, height, width), the task has samples of 10 numbers; use a space",
        ),
        ("cnn", SEQUENCE, {}, "if they are grey images, say layout: NHW"),
        ("cnn", IMAGE, {"stages": 4}, "an image of 1×1 is too small to be pooled by 2: pool less often"),
        ("cnn", IMAGE, {"kernel": 4}, "cnn needs odd kernels, got 4 in stage 1"),
        ("mlp", VECTOR, {"depth": 3, "width": (8, 8)}, "width has 2 values, layer 3 needs one more"),
        ("mlp", VECTOR, {"dept": 3}, "mlp has no hyper-parameter 'dept' (did you mean 'depth'?)"),
        ("mlp", VECTOR, {"depth": 0}, "mlp.depth needs a whole number ≥ 1 and ≤ 16, got 0"),
        ("mlp", VECTOR, {"width": (8, 8.5)}, "mlp.width needs a whole number, got 8.5"),
        ("mlp", VECTOR, {"norm": ("batch", "none")}, "mlp.norm needs a single value"),
        ("mlp", VECTOR, {"activation": "rellu"}, "mlp.activation unknown option 'rellu' (did you mean 'relu'?)"),
        ("mlpp", VECTOR, {}, "unknown family 'mlpp' (did you mean 'mlp'?)"),
        ("mlp", (), {}, "needs at least one input and one output"),
    ],
)
def test_an_impossible_architecture_says_why(
    family: str, inputs: Shape, settings: dict[str, Value], message: str
) -> None:
    with pytest.raises(BuildError) as caught:
        made(family, inputs, **settings)
    assert message in str(caught.value)


def test_a_whole_number_written_as_a_real_one_is_whole() -> None:
    assert made("mlp", VECTOR, depth=1, width=8.0).ops[0] == Linear(8)
