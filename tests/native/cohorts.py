"""Small cohorts for the tests of the native engine, and what plain torch says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from training_jobs import candidate

from search_spaces.candidate import Candidate, Named, Settings
from search_spaces.families import build
from search_spaces.network import Network
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples, load, shuffled
from workers.datasets.dataset import load as load_dataset
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Measured, Member
from workers.engines.solo import Solo
from workers.layers._modules import build as build_module
from workers.losses import make_loss
from workers.messages import TaskInfo, TaskSpec

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "maxout")


def named(name: str, **settings: float | bool) -> Named:
    return Named(name, Settings(settings))


OPTIMIZERS: dict[str, Named] = {
    "sgd": named("sgd", lr=0.1),
    "momentum": named("sgd", lr=0.02, momentum=0.9),
    "nesterov": named("sgd", lr=0.02, momentum=0.9, nesterov=True),
    "adagrad": named("adagrad", lr=0.02, lr_decay=0.01),
    "rmsprop": named("rmsprop", lr=1e-3),
    "rmsprop_momentum": named("rmsprop", lr=1e-4, momentum=0.9),
    "adadelta": named("adadelta"),
    "adam": named("adam"),
    "adamw": named("adamw"),
    "nadam": named("nadam", lr=1e-3),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task's samples and what is known of them."""

    info: TaskInfo
    train: Samples
    validation: Samples


def task(name: str = "digits", loss: str = "") -> Task:
    loaded = load_dataset(TaskSpec(Named(name), loss=loss))
    return Task(loaded.info, load(loaded.train, device="cpu"), load(loaded.validation, device="cpu"))


def made_up(inputs: tuple[int, ...], outputs: int, samples: int, info: TaskInfo) -> Task:
    """Make a classification of random samples, the same each time."""
    generator = torch.Generator().manual_seed(3)
    values = torch.randn(samples, *inputs, generator=generator)
    targets = torch.randint(0, outputs, (samples,), generator=generator)
    both = Samples(values, targets)
    return Task(replace(info, inputs=inputs, outputs=outputs), both, both)


def members(task: Task, *candidates: Candidate) -> list[Member]:
    """Make members of candidates, numbered from 0."""
    return [member(task, number, made) for number, made in enumerate(candidates)]


def member(task: Task, number: int, made: Candidate) -> Member:
    network = build(made.architecture, task.info.inputs, task.info.outputs)
    return of_network(number, made, network, min(made.recipe.batch_size, len(task.train)))


def of_network(number: int, made: Candidate, network: Network, batch: int) -> Member:
    return Member(number, made, network, batch)


def native(task: Task, *cohort: Member, epochs: int = 3, threads: int = 1, variant: str = "") -> Native:
    engine = Native(task.info, samples=len(task.train), epochs=epochs, threads=threads, variant=variant)
    assert engine.add(cohort) == {}
    return engine


def solo(task: Task, *cohort: Member, epochs: int = 3) -> Solo:
    engine = Solo(task.info, samples=len(task.train), epochs=epochs, device="cpu")
    assert engine.add(cohort) == {}
    return engine


def train(engine: Engine, task: Task, *numbers: int) -> dict[int, float]:
    """Train the epochs with these numbers; return the mean losses of the last."""
    results: Mapping[int, object] = {}
    for number in numbers:
        results = engine.epoch(shuffled(task.train, seed=7, epoch=number))
    return {number: found.metrics["train_loss"] for number, found in results.items() if isinstance(found, Measured)}


def away(first: TrainedState, second: TrainedState, prefix: str = "network.") -> float:
    """Return the largest difference of their tensors under a prefix, which have to be the same ones."""
    one, other = first.named(prefix), second.named(prefix)
    assert one.keys() == other.keys()
    return max((float((one[key].double() - other[key].double()).abs().max()) for key in one), default=0.0)


def same(first: TrainedState, second: TrainedState) -> bool:
    """Tell whether two states are bitwise the same; NaN is NaN."""
    pairs = [(value, second.tensors[key]) for key, value in first.tensors.items()]
    bits = [(a.view(torch.int32) if a.dtype == torch.float32 else a, b) for a, b in pairs]
    equal = all(torch.equal(a, b.view(a.dtype) if a.dtype != b.dtype else b) for a, b in bits)
    return first.tensors.keys() == second.tensors.keys() and first.step == second.step and equal


def timeless(answer: object) -> Measured:
    """Return what was measured but for the seconds that it took."""
    assert isinstance(answer, Measured)
    return replace(answer, seconds=0.0)


def exact_gradients(task: Task, of: Member) -> dict[str, Tensor]:
    """Return the gradients of the first batch, in doubles, by torch."""
    module = build_module(of.network, of.candidate.seed).double()
    inputs, targets = next(one_batch(task, of.batch_size).batches(of.batch_size))
    loss = make_loss(task.info.loss, of.candidate.recipe.label_smoothing)
    targets = targets.double() if targets.is_floating_point() else targets
    loss(module(inputs.double()), targets).backward()  # type: ignore[no-untyped-call]  # torch's
    return {name: value.grad for name, value in module.named_parameters() if value.grad is not None}


def first_batch(task: Task, size: int) -> Task:
    """Return a task of the samples of the first batch alone."""
    inputs, targets = next(shuffled(task.train, seed=7, epoch=0).batches(size))
    return replace(task, train=Samples(inputs, targets))


def one_batch(task: Task, size: int) -> Epoch:
    return shuffled(first_batch(task, size).train, seed=7, epoch=0)


def mixed(seed: int = 0) -> list[Candidate]:
    """Make one candidate of each activation and optimizer, widths and depths of all sorts."""
    made = []
    for row, activation in enumerate(ACTIVATIONS):
        for column, optimizer in enumerate(OPTIMIZERS.values()):
            depth = 1 + (row + column) % 3
            widths = tuple(16 + (37 * (row + 3 * column + layer)) % 90 for layer in range(depth))
            made.append(
                candidate(
                    seed + 100 * row + column,
                    optimizer=optimizer,
                    depth=depth,
                    width=widths,
                    activation=activation,
                    weight_decay=1e-4 * (column % 2),
                    batch_size=32,
                )
            )
    return made


def names() -> Sequence[str]:
    return [f"{activation}, {optimizer}" for activation in ACTIVATIONS for optimizer in OPTIMIZERS]
