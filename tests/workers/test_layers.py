"""Every op has a layer: its shape, its count of parameters, its source, and weights from the seed alone."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from search_spaces.network import Network
from search_spaces.ops.activation import ACTIVATIONS, Activation
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
from search_spaces.registry import Menu
from workers.layers import LAYERS
from workers.layers._modules import build
from workers.layers.dropout import StreamDropout
from workers.layers.protocol import layer_of

OPS = Menu("search_spaces.ops", "op")
VECTOR, SEQUENCE, IMAGE = (12,), (5, 12), (4, 7, 6)
CASES: list[tuple[Op, Shape]] = [
    (Linear(3), VECTOR),
    (Linear(3, bias=False, init="sparse"), SEQUENCE),
    (Conv2d(6, 3), IMAGE),
    (Conv2d(6, 5, stride=2, bias=False, init="orthogonal"), IMAGE),
    (Conv2d(6, 1), IMAGE),
    (Pool("max", 2), IMAGE),
    (Pool("average", 3), IMAGE),
    (GlobalPool("max"), IMAGE),
    (GlobalPool("average"), IMAGE),
    (Flatten(), IMAGE),
    (Flatten(), SEQUENCE),
    *[(Norm(kind, groups=2), shape) for kind in ("batch", "layer", "group") for shape in (VECTOR, SEQUENCE, IMAGE)],
    *[(Activation(kind), shape) for kind in ACTIVATIONS for shape in (VECTOR, SEQUENCE, IMAGE)],
    (Dropout(0.3), VECTOR),
    *[(Recurrent(cell, 6, bidirectional=both), SEQUENCE) for cell in ("rnn", "gru", "lstm") for both in (False, True)],
    (SequencePool("last"), SEQUENCE),
    (SequencePool("mean"), SEQUENCE),
    (Rows(), VECTOR),
    (Rows(), SEQUENCE),
    (Rows(), IMAGE),
    (Residual((Linear(12), Norm("batch"), Activation("relu"), Dropout(0.1))), VECTOR),
    (Residual((Conv2d(8, 3), Activation("relu"), Conv2d(8, 3)), (Conv2d(8, 1, bias=False),)), IMAGE),
]


@dataclass(frozen=True, slots=True)
class Strange:
    """An op that no file of ours knows."""


def name_of(op: Op) -> str:
    return type(op).__module__.rpartition(".")[2]


def made(op: Op, shape: Shape, seed: int = 0) -> nn.Module:
    return layer_of(op).build(op, shape, torch.Generator().manual_seed(seed)).eval()


def inputs(shape: Shape) -> torch.Tensor:
    return torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))


each_case = pytest.mark.parametrize(("op", "shape"), CASES, ids=str)


def test_every_op_has_a_layer_and_every_layer_an_op() -> None:
    assert LAYERS.names() == OPS.names()
    assert len(LAYERS.names()) == 12


def test_the_cases_cover_every_op() -> None:
    assert {name_of(op) for op, _ in CASES} == set(OPS.names())


@each_case
def test_a_layer_has_the_shape_its_op_says(op: Op, shape: Shape) -> None:
    assert made(op, shape)(inputs(shape)).shape == (3, *op.output(shape))


@each_case
def test_a_layer_has_as_many_parameters_as_its_op_says(op: Op, shape: Shape) -> None:
    assert sum(parameter.numel() for parameter in made(op, shape).parameters()) == op.parameters(shape)


@each_case
def test_a_layer_begins_finite_and_from_its_generator_alone(op: Op, shape: Shape) -> None:
    torch.manual_seed(1)
    first = made(op, shape).state_dict()
    torch.manual_seed(2)
    second = made(op, shape).state_dict()
    assert all(torch.isfinite(value).all() for value in first.values())
    assert all(torch.equal(value, second[key]) for key, value in first.items())


@each_case
def test_the_source_of_a_layer_makes_the_same_module(op: Op, shape: Shape) -> None:
    layer, module = layer_of(op), made(op, shape)
    known = {kind.__name__: kind for each in LAYERS.names() for kind in LAYERS.load(each).modules}
    copy = eval(layer.source(op, shape), {"torch": torch, "nn": nn, **known}).eval()  # our own text
    copy.load_state_dict(module.state_dict(), strict=True)
    assert torch.equal(copy(inputs(shape)), module(inputs(shape)))


def test_classes_that_source_names_have_names_of_their_own() -> None:
    names = [kind.__name__ for each in LAYERS.names() for kind in LAYERS.load(each).modules]
    assert len(names) == len(set(names)) == 10


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    module = StreamDropout(0.25).train()
    dropped = module(torch.ones(400, 400))
    assert abs(float((dropped == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(dropped.mean()) - 1) < 0.01


@pytest.mark.parametrize("p", [0.0, 1e-9])
def test_dropout_of_next_to_nothing_drops_nothing(p: float) -> None:
    assert torch.equal(StreamDropout(p).train()(torch.ones(9)), torch.ones(9))


def test_dropout_treats_every_place_alike() -> None:
    module = StreamDropout(0.5).train()
    shares = (module(torch.ones(20_000, 8)) == 0).float().mean(dim=0)
    assert float((shares - 0.5).abs().max()) < 0.015


def test_dropout_of_images_with_channels_last_keeps_their_order_in_memory() -> None:
    images = torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert StreamDropout(0.5).train()(images).is_contiguous(memory_format=torch.channels_last)


def test_dropout_depends_on_seed_step_and_layer() -> None:
    network = Network((50,), 50, (Dropout(0.5), Dropout(0.5)))
    masks = set()
    for seed in (0, 1):
        for layer in build(network, seed).train():
            assert isinstance(layer, StreamDropout)
            for step in (0, 1):
                layer.begin(step)
                masks.add(tuple(layer(torch.ones(1, 50)).flatten().tolist()))
    assert len(masks) == 8


def test_dropout_of_a_step_is_the_same_again() -> None:
    module = StreamDropout(0.5).train()
    module.begin(3)
    first = module(torch.ones(1, 50))
    module(torch.ones(1, 50))
    module.begin(3)
    assert torch.equal(first, module(torch.ones(1, 50)))


def test_parameters_are_named_by_their_place() -> None:
    network = Network((4,), 2, (Residual((Linear(4),)), Linear(2)))
    names = [name for name, _ in build(network, 0).named_parameters()]
    assert names == ["0.body.0.weight", "0.body.0.bias", "1.weight", "1.bias"]


def test_building_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    build(Network((4,), 2, (Linear(2),)), 0)
    assert torch.equal(before, torch.get_rng_state())


def test_another_seed_gives_other_weights() -> None:
    network = Network((4,), 2, (Linear(2),))
    first, second = (next(build(network, seed).parameters()) for seed in (0, 1))
    assert not torch.equal(first, second)
