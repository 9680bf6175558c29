"""One step and one epoch of a network, in the native engine, in plain torch in double precision, and in solo."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from search_spaces.network import Network
from search_spaces.ops.protocol import Op, Shape
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples, load
from workers.datasets.dataset import load as load_dataset
from workers.engines.native import bindings
from workers.engines.native.build import variants
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Failure, Member
from workers.engines.solo import Solo
from workers.layers._modules import build
from workers.messages import TaskInfo, TaskSpec

STATUS = bindings.status()
RUNNABLE = tuple(variants())[: tuple(variants()).index(STATUS.variant) + 1] if STATUS.present else ()
needs_native = pytest.mark.skipif(not STATUS.present, reason=STATUS.reason)
every_variant = pytest.mark.parametrize("variant", RUNNABLE)

ONLY_ACCUMULATE = Named("sgd", Settings(lr=1e-12, momentum=0.5))
"""After one step its momentum is the gradient."""


def network(inputs: Shape, *ops: Op) -> Network:
    """Make a network; its outputs are whatever its last op says."""
    shape = Network(inputs, 0, ops).shapes[-1]
    return Network(inputs, shape[0], ops)


def member(of: Network, number: int = 0, **recipe: object) -> Member:
    """Make a candidate of a network, whose architecture does not matter."""
    made = Recipe(**{"optimizer": ONLY_ACCUMULATE, **recipe})  # type: ignore[arg-type]
    return Member(number, Candidate(Architecture("mlp", Settings()), made, seed=number), of, made.batch_size)


def regression(of: Network, samples: int) -> TaskInfo:
    """Make a task of as many outputs as the network has."""
    metrics = ("mse", "mae", "r2")
    return TaskInfo("made", "regression", of.inputs, of.outputs, (samples, 0, 0), metrics, "mse", "")


def drawn(of: Network, samples: int, seed: int = 0) -> Samples:
    """Draw inputs and targets."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, *of.inputs, generator=generator)
    return Samples(inputs, torch.randn(samples, of.outputs, generator=generator))


def native_gradients(of: Network, samples: Samples, variant: str) -> dict[str, Tensor]:
    """Return the gradient of every parameter at the first step, of all samples."""
    made = member(of, batch_size=len(samples))
    engine = Native(regression(of, len(samples)), samples=len(samples), epochs=1, variant=variant)
    state = train(engine, [made], [Epoch(samples, 0)])[0]
    kept = state.named("optimizer.")
    return {name.removesuffix(".momentum_buffer"): value for name, value in kept.items() if value.ndim}


def exact_gradients(of: Network, samples: Samples) -> dict[str, Tensor]:
    """Return the same from torch in double precision."""
    module = build(of, member(of).candidate.seed).double()
    outputs = module(samples.inputs.double())
    torch.nn.functional.mse_loss(outputs, samples.targets.double()).backward()  # type: ignore[no-untyped-call]
    return {name: parameter.grad for name, parameter in module.named_parameters() if parameter.grad is not None}


def worst(found: dict[str, Tensor], exact: dict[str, Tensor]) -> float:
    """Return the largest difference, each tensor's in parts of its largest number."""
    assert found.keys() == exact.keys()
    assert all(found[name].shape == value.shape for name, value in exact.items())
    return max(float((found[name] - value).abs().max() / value.abs().max()) for name, value in exact.items())


def train(engine: Engine, members: Sequence[Member], epochs: Sequence[Epoch]) -> list[TrainedState]:
    """Train members from the beginning; return their states."""
    assert engine.add(members) == {}
    for epoch in epochs:
        assert not any(isinstance(result, Failure) for result in engine.epoch(epoch).values())
    return [engine.export(made.number) for made in members]


def digits(count: int = 512) -> tuple[TaskInfo, Samples]:
    """Return the first samples of the bundled digits."""
    dataset = load_dataset(TaskSpec(Named("digits")))
    samples = load(dataset.train, device="cpu")
    return dataset.info, Samples(samples.inputs[:count], samples.targets[:count])


def native(info: TaskInfo, samples: Samples, *, threads: int = 1, epochs: int = 1, variant: str = "") -> Native:
    return Native(info, samples=len(samples), epochs=epochs, threads=threads, variant=variant)


def solo(info: TaskInfo, samples: Samples, *, epochs: int = 1) -> Solo:
    return Solo(info, samples=len(samples), epochs=epochs, device="cpu")


def apart(first: TrainedState, second: TrainedState) -> float:
    """Return the largest difference of two states' weights."""
    one, other = first.named("network."), second.named("network.")
    assert one.keys() == other.keys()
    return max(float((one[name] - value).abs().max()) for name, value in other.items())


def same(first: TrainedState, second: TrainedState) -> bool:
    """Tell whether two states are equal to the last bit."""
    return first.tensors.keys() == second.tensors.keys() and all(
        torch.equal(value, second.tensors[name]) for name, value in first.tensors.items()
    )


def diverging(of: Member, number: int) -> Member:
    """Return the same member with a learning rate that nothing survives."""
    recipe = replace(of.candidate.recipe, optimizer=Named("sgd", Settings(lr=1e30)))
    return replace(of, number=number, candidate=replace(of.candidate, recipe=recipe))
