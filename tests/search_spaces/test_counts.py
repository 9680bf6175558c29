"""Parameters, FLOPs and memory are what torch counts."""

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.candidate import Architecture, Settings, Value
from search_spaces.families import FAMILIES, build
from search_spaces.network import Network
from search_spaces.ops.activation import ACTIVATIONS
from search_spaces.ops.norm import NORMS
from search_spaces.ops.recurrent import GATES
from workers.layers._modules import build as torch_build

BATCH = 32
IMAGE, SEQUENCE, VECTOR = (2, 9, 8), (7, 5), (13,)

Case = tuple[str, tuple[int, ...], dict[str, Value]]


def case(family: str, inputs: tuple[int, ...], **settings: Value) -> Case:
    return family, inputs, settings


MLPS: list[Case] = [
    *(case("mlp", VECTOR, activation=kind, width=(24, 10), dropout=0.1) for kind in ACTIVATIONS),
    *(case("mlp", IMAGE, norm=kind, depth=3, width=12) for kind in NORMS),
    case("mlp", SEQUENCE, depth=1, width=7, norm="group", groups=3),
]
CNNS: list[Case] = [
    *(case("cnn", IMAGE, activation=kind, channels=(4, 6), dropout=0.1) for kind in ACTIVATIONS),
    *(case("cnn", IMAGE, norm=kind, residual=True, blocks=2, dense=12) for kind in NORMS),
    case("cnn", IMAGE, pooling=("average", "none"), kernel=(5, 1), head="flatten"),
    case("cnn", IMAGE, head="max", stages=1, residual=True, activation="maxout"),
]
RECURRENTS: list[Case] = [
    *(case("recurrent", SEQUENCE, cell=cell, layers=2, hidden=(16, 32), dropout=0.2) for cell in GATES),
    *(case("recurrent", IMAGE, cell=cell, pooling="mean", dense=12, norm="layer") for cell in GATES),
    *(case("recurrent", VECTOR, cell=cell, bidirectional=True, hidden=16) for cell in GATES),
]
LINEARS: list[Case] = [case("linear", shape) for shape in (VECTOR, SEQUENCE, IMAGE)]
CASES = [*MLPS, *CNNS, *RECURRENTS, *LINEARS]
NAMES = [f"{family}-{index}" for index, (family, _, _) in enumerate(CASES)]

each_network = pytest.mark.parametrize("case", CASES, ids=NAMES)


def test_every_family_is_counted() -> None:
    assert {family for family, _, _ in CASES} == set(FAMILIES.names())
    assert len(FAMILIES.names()) == 4


@each_network
def test_parameters_are_those_of_the_module(case: Case) -> None:
    network = _network(case)
    assert network.parameters == sum(parameter.numel() for parameter in torch_build(network, 0).parameters())


@each_network
def test_the_shapes_are_those_of_the_module(case: Case) -> None:
    network = _network(case)
    samples, shapes = torch.randn(BATCH, *network.inputs), [network.inputs]
    for layer in torch_build(network, 0):
        samples = layer(samples)
        shapes.append(tuple(samples.shape[1:]))
    assert network.shapes == tuple(shapes)


@pytest.mark.parametrize("case", [*MLPS, *CNNS], ids=NAMES[: len(MLPS) + len(CNNS)])
def test_flops_are_those_of_torchs_counter(case: Case) -> None:
    network = _network(case)
    with FlopCounterMode(display=False) as counter:
        torch_build(network, 0)(torch.randn(BATCH, *network.inputs))
    assert network.flops == counter.get_total_flops() / BATCH


@pytest.mark.parametrize("case", RECURRENTS, ids=NAMES[-len(RECURRENTS) :])
def test_flops_of_recurrent_networks_are_two_for_each_weight_and_step(case: Case) -> None:
    network, expected = _network(case), 0
    for layer, shape in zip(torch_build(network, 0), network.shapes, strict=False):
        steps = shape[0] if len(shape) == 2 else 1
        matrices = [parameter for parameter in layer.parameters() if parameter.ndim == 2]
        expected += sum(2 * steps * matrix.numel() for matrix in matrices)
    assert network.flops == expected


@each_network
def test_memory_is_what_torch_keeps_for_the_backward_pass(case: Case) -> None:
    network = _network(case)
    kept = _kept(network, torch_build(network, 0))
    assert network.memory == pytest.approx(kept, rel=0.02)


def _network(case: Case) -> Network:
    family, inputs, settings = case
    return build(Architecture(family, Settings(settings)), inputs, 10)


def _kept(network: Network, module: nn.Module) -> float:
    """Measure the bytes of a sample that autograd saves, each tensor once, weights and statistics apart."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    torch.set_num_threads(1)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        module(torch.randn(BATCH, *network.inputs))
    of_batch = [tensor for place, tensor in saved.items() if place not in own and not _statistic(tensor)]
    return sum(tensor.untyped_storage().nbytes() for tensor in of_batch) / BATCH


def _statistic(tensor: Tensor) -> bool:
    """Tell a mean or deviation of a whole batch, which does not grow with it."""
    return tensor.ndim == 1 and tensor.dtype == torch.float32 and len(tensor) % BATCH != 0
