"""Networks: shapes that fit, equal layers with equal fingerprints, JSON and the picture."""

from typing import Any

import pytest

from search_spaces.candidate import Architecture, Settings
from search_spaces.errors import BuildError
from search_spaces.families import build
from search_spaces.network import Network
from search_spaces.ops import OPS
from search_spaces.ops.activation import Activation
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.dropout import Dropout
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.global_pool import GlobalPool
from search_spaces.ops.linear import Linear
from search_spaces.ops.norm import Norm
from search_spaces.ops.pool import Pool
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.recurrent import Recurrent
from search_spaces.ops.residual import Residual
from search_spaces.ops.rows import Rows
from search_spaces.ops.sequence_pool import SequencePool

IMAGE, SEQUENCE, VECTOR = (4, 8, 8), (7, 6), (10,)

EVERY: list[tuple[Op, Shape, Shape]] = [
    (Activation("maxout"), IMAGE, (2, 8, 8)),
    (Conv2d(5, 3, stride=2), IMAGE, (5, 4, 4)),
    (Dropout(0.5), VECTOR, VECTOR),
    (Flatten(), IMAGE, (256,)),
    (GlobalPool("max"), IMAGE, (4,)),
    (Linear(3), SEQUENCE, (7, 3)),
    (Norm("group", 2), IMAGE, IMAGE),
    (Pool("average", 3), IMAGE, (4, 2, 2)),
    (Recurrent("lstm", 5, bidirectional=True), SEQUENCE, (7, 10)),
    (Residual((Conv2d(5, 3),), (Conv2d(5, 1),)), IMAGE, (5, 8, 8)),
    (Rows(), IMAGE, (8, 32)),
    (SequencePool("mean"), SEQUENCE, (6,)),
]

WRONG: list[tuple[Op, Shape, str]] = [
    (Activation("rleu"), VECTOR, "unknown activation 'rleu' (did you mean 'relu'?)"),
    (Activation("maxout"), (5,), "maxout needs an even number"),
    (Conv2d(4, 3), VECTOR, r"a convolution needs an image (channels, height, width), got shape 10"),
    (Dropout(1.0), VECTOR, "dropout needs 0 ≤ p < 1, got 1.0"),
    (GlobalPool("mean"), IMAGE, "unknown pooling 'mean'"),
    (Norm("bach"), VECTOR, "unknown norm 'bach' (did you mean 'batch'?)"),
    (Norm("group", 3), VECTOR, "groups that divide 10 channels or features, got 3"),
    (Pool("max", 2), (1, 1, 8), "an image of 1×8 is too small to be pooled by 2"),
    (Recurrent("gru", 4), VECTOR, "a recurrent layer needs a sequence (time, features), got shape 10"),
    (Recurrent("grru", 4), SEQUENCE, "unknown cell 'grru' (did you mean 'gru'?)"),
    (Residual((Conv2d(5, 3),)), IMAGE, "cannot add shapes 5×8×8 and 4×8×8"),
    (SequencePool("first"), SEQUENCE, "unknown sequence pooling 'first'"),
]


def test_every_op_is_tried() -> None:
    assert sorted({type(op).__module__.rpartition(".")[2] for op, _, _ in EVERY}) == list(OPS.names())
    assert len(OPS.names()) == 12


@pytest.mark.parametrize(("op", "inputs", "outputs"), EVERY, ids=str)
def test_the_shape_of_its_output(op: Op, inputs: Shape, outputs: Shape) -> None:
    assert op.output(inputs) == outputs


@pytest.mark.parametrize(("op", "inputs", "outputs"), EVERY, ids=str)
def test_an_op_comes_back_from_json(op: Op, inputs: Shape, outputs: Shape) -> None:
    network = Network(inputs, 1, (op,))
    assert Network.from_json(network.to_json()) == network


@pytest.mark.parametrize(("op", "inputs", "message"), WRONG, ids=str)
def test_what_cannot_stand_says_why(op: Op, inputs: Shape, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        op.output(inputs)
    assert message in str(caught.value)


def test_a_network_that_ends_in_another_shape_is_refused() -> None:
    with pytest.raises(BuildError, match=r"ends in shape 3, the task needs 2"):
        Network(VECTOR, 2, (Linear(3),)).check()


def fingerprint(family: str = "mlp", inputs: Shape = VECTOR, **settings: Any) -> str:
    return build(Architecture(family, Settings(settings)), inputs, 3).fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"depth": 2, "width": 8}, {"depth": 2, "width": (8, 8)}),
        ({"dropout": 0.0}, {"dropout": (0.0, 0.0)}),
        ({"groups": 4}, {"groups": 2}),
        ({"width": 12, "norm": "group", "groups": 5}, {"width": 12, "norm": "group", "groups": 4}),
        ({"norm": "group", "groups": 1}, {"norm": "layer"}),
        ({"depth": 1, "width": (8, 16)}, {"depth": 1, "width": 8}),
    ],
)
def test_the_same_layers_have_the_same_fingerprint(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint("mlp", **one) == fingerprint("mlp", **other)


def test_layers_that_do_nothing_do_not_count() -> None:
    plain = Network(VECTOR, 3, (Linear(3),))
    idle = Network(VECTOR, 3, (Flatten(), Dropout(0.0), Linear(3), Dropout(0.0)))
    assert idle.fingerprint == plain.fingerprint


def test_layers_that_do_nothing_within_a_residual_do_not_count() -> None:
    plain, idle = Residual((Linear(10),)), Residual((Dropout(0.0), Linear(10)), (Flatten(),))
    assert Network(VECTOR, 10, (idle,)).fingerprint == Network(VECTOR, 10, (plain,)).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        {"depth": 3},
        {"width": 65},
        {"activation": "gelu"},
        {"norm": "batch"},
        {"norm": "group"},
        {"dropout": 0.1},
        {"init": "glorot"},
        {"inputs": (11,)},
        {"inputs": (2, 5)},
        {"family": "recurrent"},
    ],
    ids=str,
)
def test_other_layers_have_another_fingerprint(other: dict[str, Any]) -> None:
    assert fingerprint() != fingerprint(**other)


def test_the_fingerprint_does_not_change_between_versions() -> None:
    assert fingerprint("mlp", depth=1, width=4)[:16] == "7681f852e3591ff2"


def test_the_picture_has_a_line_for_each_op() -> None:
    settings = Settings(stages=1, channels=8, residual=True, norm="batch")
    assert build(Architecture("cnn", settings), (1, 8, 8), 3).describe().splitlines() == [
        "input 1×8×8",
        "residual → 8×8×8  104 parameters",
        "  conv2d channels=8 kernel=3 stride=1 bias=false init=he → 8×8×8  72 parameters",
        "  norm kind=batch groups=1 → 8×8×8  16 parameters",
        "  relu → 8×8×8",
        "  shortcut",
        "    conv2d channels=8 kernel=1 stride=1 bias=true init=he → 8×8×8  16 parameters",
        "pool kind=max size=2 → 8×4×4",
        "global_pool kind=average → 8",
        "linear features=3 bias=true init=he → 3  27 parameters",
    ]
