"""Seconds of a training step in the engine that the planner chooses, against two ways to train with plain torch.

    python -m benchmarks.engines [--pairs 5] [--budget 0.15] [--only mlp]

One thread each, its CPU seconds, so that neighbours on the machine do not count; alternating runs, medians of the
pairs. `loop` is DataLoader + Module + torch.optim, as everybody writes it; `careful` is the best eager loop: samples in
memory, fused optimizer, channels last, no waiting.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks.eager import careful_loop, data_loader_loop, seconds_of
from benchmarks.machine import describe_machine
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from search_spaces.families import build
from search_spaces.network import Network
from search_spaces.ops.activation import Activation
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.linear import Linear
from search_spaces.ops.pool import Pool
from search_spaces.ops.recurrent import Recurrent
from search_spaces.ops.sequence_pool import SequencePool
from workers.datasets.batches import Samples, batch_count, shuffled
from workers.engines.cost_model import layers
from workers.engines.mixed import MixedEngine
from workers.engines.native import bindings
from workers.engines.protocol import Measured, Member
from workers.messages import TaskInfo
from workers.metric_names import METRICS

CLASSES = 10
ADAM = Named("adam", Settings(lr=1e-3))
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "maxout")
OPTIMIZERS = (
    Named("sgd", Settings(lr=0.01)),
    Named("sgd", Settings(lr=0.01, momentum=0.9)),
    Named("sgd", Settings(lr=0.01, momentum=0.9, nesterov=True)),
    *(Named(name) for name in ("adagrad", "rmsprop", "adadelta", "adam", "adamw", "nadam")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Networks that train together, and how many times faster than the loop they have to be."""

    kind: str
    name: str
    networks: tuple[Network, ...]
    optimizers: tuple[Named, ...]
    batch: int
    at_least: float


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of one candidate's step: ours, the loop's, the careful loop's, each the median; median ratios."""

    ours: float
    loop: float
    careful: float
    over_loop: float
    over_careful: float
    flops: float
    engines: str


def mlp(inputs: int, *widths: int, activation: str = "relu") -> Network:
    """Return a plain perceptron."""
    settings = Settings({"depth": len(widths), "width": widths, "activation": activation})
    return build(Architecture("mlp", settings), (inputs,), CLASSES)


def cnn(channels: int, *, side: int = 8) -> Network:
    """Return two 3×3 convolutions with relu, a pooling and a head."""
    half = (Conv2d(channels, 3), Activation("relu"))
    return Network((1, side, side), CLASSES, (*half, *half, Pool("max"), Flatten(), Linear(CLASSES))).check()


def recurrent(cell: str, hidden: int, *, time_steps: int = 8) -> Network:
    """Return one recurrent layer over a short sequence and a head."""
    ops = (Recurrent(cell, hidden), SequencePool("last"), Linear(CLASSES))
    return Network((time_steps, 8), CLASSES, ops).check()


def mixed(widest: int, deepest: int, seed: int) -> Row:
    """Return 64 networks of all sorts."""
    rng = random.Random(seed)
    widths = [size for size in (16, 32, 64, 128, 256, 512) if size <= widest]
    drawn = [[rng.choice(widths) for _ in range(rng.randint(1, deepest))] for _ in range(64)]
    networks = tuple(mlp(64, *sizes, activation=rng.choice(ACTIVATIONS)) for sizes in drawn)
    optimizers = tuple(rng.choice(OPTIMIZERS) for _ in drawn)
    at_least = 25 if widest == 128 else 8
    return Row("mixed", f"mixed mlp 16–{widest} × 1–{deepest}, 64 together", networks, optimizers, 32, at_least)


def same(kind: str, name: str, network: Network, batch: int, at_least: float) -> Row:
    """Return eight equal networks trained by Adam."""
    return Row(kind, name, (network,) * 8, (ADAM,) * 8, batch, at_least)


def rows() -> Iterator[Row]:
    """Walk through the table."""
    for width, least in ((16, 80), (64, 22), (128, 11), (256, 5.5), (512, 3)):
        yield same("mlp", f"mlp 64 inputs, batch 32, 2 × {width}", mlp(64, width, width), 32, least)
    yield mixed(128, 4, 8)
    yield mixed(512, 6, 7)
    for width, least in ((16, 7), (64, 4.5), (128, 3.5), (256, 2.5)):
        yield same("mlp784", f"mlp 784 inputs, batch 128, 2 × {width}", mlp(784, width, width), 128, least)
    for channels, least in ((8, 14), (16, 4.5), (32, 1.8)):
        yield same("cnn", f"cnn 8×8, batch 32, 2 × {channels}", cnn(channels), 32, least)
    for cell, limits in (("gru", (40, 14, 6, 3)), ("lstm", (20, 7, 3, 1.3))):
        for hidden, least in zip((16, 32, 64, 128), limits, strict=True):
            yield same(cell, f"{cell} 8 steps, batch 32, hidden {hidden}", recurrent(cell, hidden), 32, least)


def others() -> Iterator[Row]:
    """Walk through what the planner may hand to either engine: never below 0.95 of the best alternative."""
    yield same("else", "mlp 784 inputs, batch 256, 3 × 1024", mlp(784, 1024, 1024, 1024), 256, 0.95)
    yield same("else", "cnn 28×28, batch 64, 2 × 8", cnn(8, side=28), 64, 0.95)
    yield same("else", "cnn 28×28, batch 64, 2 × 32", cnn(32, side=28), 64, 0.95)
    yield same("else", "cnn 28×28, batch 64, 2 × 64", cnn(64, side=28), 64, 0.95)
    yield same("else", "gru 28 steps, batch 64, hidden 128", recurrent("gru", 128, time_steps=28), 64, 0.95)
    yield same("else", "lstm 28 steps, batch 64, hidden 64", recurrent("lstm", 64, time_steps=28), 64, 0.95)
    yield same("else", "lstm 28 steps, batch 64, hidden 256", recurrent("lstm", 256, time_steps=28), 64, 0.95)


def samples_of(row: Row) -> Samples:
    """Make up samples: enough for a few batches of a big network, for an epoch of a small one."""
    generator = torch.Generator().manual_seed(0)
    heavy = max(network.flops for network in row.networks) * row.batch > 50e6
    count = row.batch * (8 if heavy else 45)
    inputs = torch.randn(count, *row.networks[0].inputs, generator=generator)
    return Samples(inputs, torch.randint(0, CLASSES, (count,), generator=generator))


def chosen(row: Row, samples: Samples) -> MixedEngine:
    """Return an engine that holds the row's candidates."""
    info = TaskInfo(
        "made up",
        "classification",
        row.networks[0].inputs,
        CLASSES,
        (len(samples), 0, 0),
        METRICS["classification"],
        "cross_entropy",
        "",
    )
    engine = MixedEngine(info, samples=len(samples), epochs=10_000, device="cpu")
    recipe = Recipe(batch_size=row.batch)
    for number, (network, optimizer) in enumerate(zip(row.networks, row.optimizers, strict=True)):
        made = Candidate(Architecture("mlp"), replace(recipe, optimizer=optimizer), number)
        failures = engine.add([Member(number, made, network, row.batch)])
        assert not failures, failures
    return engine


def our_step(engine: MixedEngine, row: Row, samples: Samples, budget: float) -> float:
    """Return the seconds of one candidate's step, everything but evaluation included."""
    count, begin = 0, time.thread_time()
    while (spent := time.thread_time() - begin) < budget or not count:
        found = engine.epoch(shuffled(samples, seed=0, epoch=count))
        assert all(isinstance(each, Measured) for each in found.values())
        count += 1
    return spent / count / len(row.networks) / batch_count(len(samples), row.batch)


def loop_steps(row: Row, inputs: Tensor, targets: Tensor, budget: float) -> tuple[float, float]:
    """Return the seconds of a step of the loop and of the careful loop, the mean over the row's networks."""
    pairs = list(dict.fromkeys(zip(row.networks, row.optimizers, strict=True)))
    share = max(budget / len(pairs), 0.02)
    seconds = [
        tuple(
            seconds_of(make(network, optimizer, inputs, targets, row.batch), share)
            for make in (data_loader_loop, careful_loop)
        )
        for network, optimizer in pairs
    ]
    plain, careful = (statistics.mean(column) for column in zip(*seconds, strict=True))
    return plain, careful


def run(row: Row, pairs: int, budget: float) -> Result:
    """Measure one row in alternating runs."""
    samples = samples_of(row)
    engine = chosen(row, samples)
    our_step(engine, row, samples, 0.0)
    found: list[tuple[float, float, float]] = []
    for _ in range(pairs):
        ours = our_step(engine, row, samples, budget)
        found.append((ours, *loop_steps(row, samples.inputs, samples.targets, budget)))
    ours, loop, careful = (statistics.median(column) for column in zip(*found, strict=True))
    return Result(
        ours,
        loop,
        careful,
        statistics.median(loop / ours for ours, loop, _ in found),
        statistics.median(careful / ours for ours, _, careful in found),
        statistics.mean(step_flops(network, row.batch) for network in row.networks),
        "/".join(sorted({engine.engine_of(number) for number in range(len(row.networks))})),
    )


def step_flops(network: Network, batch: int) -> float:
    """Count a step's operations: forward, weights, and inputs of all layers but the first."""
    forward = [flops for op, shape in layers(network.ops, network.inputs) if (flops := op.flops(shape))]
    return batch * (3 * sum(forward) - forward[0])


def show(row: Row, result: Result, peak: float) -> None:
    """Print one row."""
    best = min(result.over_loop, result.over_careful) if row.kind == "else" else result.over_loop
    rate = result.flops / result.ours
    share = f"{rate / 1e9:6.0f} {rate / peak:5.0%}" if peak else f"{rate / 1e9:6.0f}      "
    print(
        f"{row.name:38} {result.engines:11} {result.ours * 1e6:9.1f} {result.loop * 1e6:9.0f} "
        f"{result.careful * 1e6:9.0f} {result.over_loop:7.1f} {result.over_careful:7.1f} "
        f"{row.at_least:7g} {'held ' if best >= row.at_least else 'MISSED'} {share}",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=5, help="alternating runs of each row")
    parser.add_argument("--budget", type=float, default=0.15, help="seconds of each run")
    parser.add_argument("--only", default="", help="a kind of row: mlp, mixed, mlp784, cnn, gru, lstm, else")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    status = bindings.status()
    peak = max(bindings.load().nas_peak() for _ in range(20)) if status.present else 0.0
    print(describe_machine())
    print(f"native engine: {status.variant or status.reason}, at most {peak / 1e9:.0f} GFLOP/s a core")
    columns = f"{'ours':>9} {'loop':>9} {'careful':>9} {'× loop':>7} {'× care':>7} {'least':>7}"
    print(f"{'µs of a candidate-step':38} {'engine':11} {columns}        GFLOP/s")
    for row in (*rows(), *others()):
        if options.only in ("", row.kind):
            show(row, run(row, options.pairs, options.budget), peak)


if __name__ == "__main__":
    main()
