"""The native engine's dropout drops what a fair coin of its own would, at every step, layer and candidate anew."""

import math
from dataclasses import replace

import pytest
import torch
from cohorts import Task, named, native, of_network, task, timeless
from torch import Tensor
from training_jobs import candidate

from search_spaces.network import Network
from search_spaces.ops.dropout import Dropout
from search_spaces.ops.linear import Linear
from workers.datasets.batches import Epoch, Samples
from workers.layers._modules import build

FEATURES, STEPS = 500, 200


def masks(digits: Task, p: float, seed: int, *, drops: int = 1) -> Tensor:
    """Return what each feature of one sample was multiplied by in each step, (steps, features).

    One sample of ones, one output: the step of the weights is what dropout let through, times the error.
    """
    info = replace(digits.info, kind="regression", loss="mse", inputs=(FEATURES,), outputs=1, target_scale=(1.0,))
    samples = Samples(torch.ones(1, FEATURES), torch.full((1, 1), 100.0))
    on = Task(info, samples, samples)
    made = candidate(seed, optimizer=named("sgd", lr=1e-6), batch_size=1)
    network = Network((FEATURES,), 1, (*(Dropout(p) for _ in range(drops)), Linear(1, init="sparse")))
    engine = native(on, of_network(0, made, network, 1), epochs=STEPS)
    module = build(network, seed)
    weights = [next(module.parameters()).detach().clone()]
    for step in range(STEPS):
        engine.epoch(Epoch(samples, step))
        weights.append(engine.export(0).tensors[f"network.{drops}.weight"])
    steps = torch.cat(weights).double().diff(dim=0)
    return steps / steps.max(dim=1, keepdim=True).values / (1 - p) ** drops


@pytest.fixture(scope="module")
def digits() -> Task:
    return task()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_is_p(digits: Task, p: float) -> None:
    kept = masks(digits, p, 1) > 0
    error = math.sqrt(p * (1 - p) / kept.numel())
    assert float(kept.double().mean()) == pytest.approx(1 - p, abs=4 * error)


def test_what_is_kept_is_scaled_up_alike(digits: Task) -> None:
    found = masks(digits, 0.3, 1)
    assert torch.allclose(found[found > 0.5], torch.tensor(1 / 0.7, dtype=torch.float64), rtol=1e-2)
    assert float(found[found < 0.5].abs().max()) == 0


def test_each_step_and_feature_is_drawn_as_if_alone(digits: Task) -> None:
    kept = (masks(digits, 0.5, 1) > 0).double() * 2 - 1  # (steps, features)
    limit = 5 / math.sqrt(kept.numel())
    for shift in (1, 2, 16):
        assert abs(float((kept[shift:] * kept[:-shift]).mean())) < limit
        assert abs(float((kept[:, shift:] * kept[:, :-shift]).mean())) < limit
    counts = kept.mean(dim=1) * math.sqrt(FEATURES)
    assert 0.7 < float(counts.var()) < 1.3


def test_candidates_and_layers_draw_from_streams_of_their_own(digits: Task) -> None:
    first, second = (masks(digits, 0.5, seed) > 0 for seed in (1, 2))
    assert float((first == second).double().mean()) == pytest.approx(0.5, abs=0.02)
    both = masks(digits, 0.5, 1, drops=2) > 0
    assert float(both.double().mean()) == pytest.approx(0.25, abs=0.02)


def test_the_same_seed_draws_the_same(digits: Task) -> None:
    assert torch.equal(masks(digits, 0.5, 3), masks(digits, 0.5, 3))


def test_nothing_is_dropped_while_measuring(digits: Task) -> None:
    of = of_network(0, candidate(1), Network((64,), 10, (Dropout(0.9), Linear(10))), 32)
    flat = Samples(digits.validation.inputs.flatten(1), digits.validation.targets)
    engine = native(replace(digits, train=flat), of)
    first, second = (engine.evaluate(Samples(flat.inputs.clone(), flat.targets))[0] for _ in range(2))
    assert timeless(first) == timeless(second)
