"""The gradient that each optimizer gets in its first step is that of float64 torch, to a hundred-thousandth."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from cohorts import ACTIVATIONS, OPTIMIZERS, Task, exact_gradients, first_batch, member, native, task, train
from torch import Tensor
from training_jobs import candidate

from search_spaces.candidate import Candidate
from workers.checkpoints import TrainedState
from workers.engines.native import bindings, build
from workers.metric_names import LOSSES
from workers.optimizers import OPTIMIZERS as MENU

Seen = Callable[[TrainedState, TrainedState, str, Candidate], Tensor]


def setting(made: Candidate, name: str, usual: float) -> float:
    value = made.recipe.optimizer.settings.get(name, usual)
    assert isinstance(value, int | float)
    return float(value)


def by_weights(before: TrainedState, after: TrainedState, name: str, made: Candidate) -> Tensor:
    return before_after(before, after, name) / setting(made, "lr", 0.01)


def before_after(before: TrainedState, after: TrainedState, name: str) -> Tensor:
    return before.tensors[f"network.{name}"].double() - after.tensors[f"network.{name}"].double()


def by_state(state: str, share: Callable[[Candidate], float], power: int) -> Seen:
    """Read the gradient, or its square, from a state that holds a share of it after one step."""

    def seen(before: TrainedState, after: TrainedState, name: str, made: Candidate) -> Tensor:
        value = after.tensors[f"optimizer.{name}.{state}"].double() / share(made)
        return value.sqrt() if power == 2 else value

    return seen


SEEN: dict[str, Seen] = {
    "sgd": by_weights,
    "momentum": by_state("momentum_buffer", lambda made: 1.0, 1),
    "nesterov": by_state("momentum_buffer", lambda made: 1.0, 1),
    "adagrad": by_state("sum", lambda made: 1.0, 2),
    "rmsprop": by_state("square_avg", lambda made: 1 - 0.99, 2),
    "rmsprop_momentum": by_state("square_avg", lambda made: 1 - 0.99, 2),
    "adadelta": by_state("square_avg", lambda made: 1 - 0.9, 2),
    "adam": by_state("exp_avg", lambda made: 1 - 0.9, 1),
    "adamw": by_state("exp_avg", lambda made: 1 - 0.9, 1),
    "nadam": by_state("exp_avg", lambda made: 1 - 0.9, 1),
}
"""How to read the first gradient after a step of each optimizer."""

VARIANTS = [name for name in build.variants() if (build.HERE / build.file_name(name)).exists()]


@pytest.fixture(scope="module")
def digits() -> Task:
    return task()


def worst(digits: Task, optimizer: str, made: Candidate, variant: str = "") -> float:
    """Return the largest error of a gradient, relative to the largest gradient of its tensor."""
    of = member(digits, 0, made)
    batch = first_batch(digits, of.batch_size)
    engine = native(batch, of, variant=variant)
    before = engine.export(0)
    train(engine, batch, 0)
    after = engine.export(0)
    errors = []
    for name, exact in exact_gradients(digits, of).items():
        seen = SEEN[optimizer](before, after, name, made)
        exact = exact.abs() if bool((seen >= 0).all()) else exact
        errors.append(float((seen - exact).abs().max() / exact.abs().max().clamp_min(1e-7)))
    return max(errors)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_first_gradient_is_torchs(digits: Task, activation: str, optimizer: str) -> None:
    made = candidate(
        3, optimizer=OPTIMIZERS[optimizer], depth=2, width=(33, 20), activation=activation, batch_size=29, init="glorot"
    )
    assert worst(digits, optimizer, made) < (2e-5 if optimizer == "sgd" else 1e-5)


@pytest.mark.parametrize("norm", ["batch", "layer", "group"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_first_gradient_through_a_norm_is_torchs(digits: Task, activation: str, norm: str) -> None:
    made = candidate(
        3, optimizer=OPTIMIZERS["momentum"], depth=2, width=(64, 48), activation=activation, norm=norm, batch_size=45
    )
    assert worst(digits, "momentum", made) < 1e-5


@pytest.mark.parametrize("loss", LOSSES["regression"])
def test_the_first_gradient_of_a_regression_is_torchs(loss: str) -> None:
    made = candidate(3, optimizer=OPTIMIZERS["momentum"], depth=2, width=(33, 20), activation="tanh", batch_size=45)
    assert worst(task("diabetes", loss), "momentum", made) < 1e-5


def test_the_first_gradient_with_smoothed_labels_is_torchs(digits: Task) -> None:
    made = candidate(3, optimizer=OPTIMIZERS["momentum"], width=40, label_smoothing=0.2, batch_size=45)
    assert worst(digits, "momentum", made) < 1e-5


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_instruction_set_has_torchs_gradient(digits: Task, variant: str) -> None:
    if int(variant[-1]) > bindings.load().nas_level() > 0:
        pytest.skip(f"this processor does not run {variant}")
    made = candidate(
        3, optimizer=OPTIMIZERS["momentum"], depth=2, width=(33, 24), activation="gelu", norm="batch", batch_size=29
    )
    assert worst(digits, "momentum", made, variant) < 1e-5


def test_a_gradient_is_clipped_as_torch_does(digits: Task) -> None:
    plain = candidate(3, optimizer=OPTIMIZERS["momentum"], width=40, batch_size=45)
    clipped = replace(plain, recipe=replace(plain.recipe, gradient_clipping=0.01))
    of = member(digits, 0, clipped)
    batch = first_batch(digits, of.batch_size)
    engine = native(batch, of)
    train(engine, batch, 0)
    state = engine.export(0)
    seen = torch.cat([value.flatten() for key, value in state.tensors.items() if key.endswith("momentum_buffer")])
    exact = torch.cat([value.flatten() for value in exact_gradients(digits, of).values()])
    assert float(exact.norm()) > 0.01
    assert float(seen.norm()) == pytest.approx(0.01, rel=1e-4)
    assert torch.allclose(seen.double(), exact * 0.01 / exact.norm(), rtol=1e-4, atol=1e-9)


def test_every_optimizer_of_the_menu_is_here() -> None:
    assert {made.name for made in OPTIMIZERS.values()} == {*MENU.names()}
    assert SEEN.keys() == OPTIMIZERS.keys()
