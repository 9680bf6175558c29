"""Every optimizer on the menu: torch's own arithmetic, and a state that survives a file."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn, optim

from search_spaces.candidate import Named, Settings
from search_spaces.hyperparameters import hyperparameters
from workers import checkpoints, optimizers
from workers.checkpoints import TrainedState
from workers.engines.flat_weights import Weights
from workers.optimizers import OPTIMIZERS

NAMES = OPTIMIZERS.names()
REFERENCE: dict[str, Callable[[list[nn.Parameter]], optim.Optimizer]] = {
    "sgd": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01, foreach=False),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.05, weight_decay=0.01, foreach=False),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.05, momentum=0.9, weight_decay=0.01, foreach=False),
    "adadelta": lambda p: optim.Adadelta(p, lr=0.05, rho=0.9, weight_decay=0.01, foreach=False),
    "adam": lambda p: optim.Adam(p, lr=0.05, weight_decay=0.01, foreach=False),
    "adamw": lambda p: optim.AdamW(p, lr=0.05, weight_decay=0.01, foreach=False),
    "nadam": lambda p: optim.NAdam(p, lr=0.05, weight_decay=0.01, foreach=False),
}
SETTINGS = {"sgd": {"momentum": 0.9, "nesterov": True}, "rmsprop": {"momentum": 0.9}}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.BatchNorm1d(7), nn.Linear(7, 3))


def train(module: nn.Module, step: "optim.Optimizer", *, begin: int, end: int, flat: Tensor | None = None) -> None:
    """Take the same steps on the same batches."""
    for index in range(begin, end):
        inputs = torch.randn(8, 5, generator=torch.Generator().manual_seed(index))
        module.zero_grad(set_to_none=flat is None)
        if flat is not None:
            flat.zero_()
        module(inputs).square().mean().backward()
        step.step()


def ours(name: str, module: nn.Module) -> tuple[Weights, optim.Optimizer]:
    weights = Weights(module)
    described = optimizers.make(Named(name, Settings({"lr": 0.05, **SETTINGS.get(name, {})})))
    return weights, described.build([weights.flat], weight_decay=0.01)


def test_the_menu_has_seven_optimizers() -> None:
    assert len(NAMES) == 7


@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_steps_as_torch_without_fusion(name: str) -> None:
    module, reference = network(), network()
    weights, optimizer = ours(name, module)
    train(module, optimizer, begin=0, end=20, flat=weights.gradient)
    train(reference, REFERENCE[name](list(reference.parameters())), begin=0, end=20)
    for mine, theirs in zip(module.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_goes_on_bitwise_from_a_file(name: str, tmp_path: Path) -> None:
    straight, halted, resumed = network(), network(), network()
    weights, optimizer = ours(name, straight)
    train(straight, optimizer, begin=0, end=10, flat=weights.gradient)
    weights, optimizer = ours(name, halted)
    train(halted, optimizer, begin=0, end=5, flat=weights.gradient)
    saved = checkpoints.save(str(tmp_path), "c", TrainedState(weights.export(optimizer), "f", 1, 5, 8, {}))
    weights, optimizer = ours(name, resumed)
    weights.restore(optimizer, checkpoints.load(saved))
    train(resumed, optimizer, begin=5, end=10, flat=weights.gradient)
    for key, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


@pytest.mark.parametrize("name", NAMES)
def test_a_state_is_named_by_parameter(name: str) -> None:
    module = network()
    weights, optimizer = ours(name, module)
    train(module, optimizer, begin=0, end=1, flat=weights.gradient)
    shapes = {key: value.shape for key, value in weights.export(optimizer).items() if value.ndim}
    of_weight = {key: shape for key, shape in shapes.items() if key.startswith("optimizer.0.weight.")}
    assert of_weight
    assert set(of_weight.values()) == {torch.Size([7, 5])}


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_of_an_optimizer_are_allowed(name: str) -> None:
    assert not [
        item.mistake(item.default) for item in hyperparameters(OPTIMIZERS.load(name)) if item.mistake(item.default)
    ]


def test_nesterov_without_momentum_is_plain_descent() -> None:
    made = optimizers.make(Named("sgd", Settings(nesterov=True)))
    assert not made.build([torch.zeros(2, requires_grad=True)], weight_decay=0.0).param_groups[0]["nesterov"]


def test_weights_of_convolutions_come_back_in_their_own_order() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten(), nn.Linear(5, 2))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    weights = Weights(module)
    optimizer = optimizers.make(Named("adam")).build([weights.flat], weight_decay=0.0)
    exported = weights.export(optimizer)
    assert all(torch.equal(value, exported[f"network.{name}"]) for name, value in before.items())
    assert all(value.is_contiguous() for value in exported.values())
