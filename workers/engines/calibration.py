"""Calibration: the speed of the engines on this machine, measured once on small networks and cached."""

import hashlib
import json
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_cache_path

from search_spaces.candidate import Architecture, Candidate, Named, Recipe
from search_spaces.network import Network
from search_spaces.ops.activation import Activation
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.linear import Linear
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.recurrent import Recurrent
from search_spaces.ops.sequence_pool import SequencePool
from workers import file_store
from workers.datasets.batches import Epoch, Samples
from workers.devices import one_thread
from workers.engines.cost_model import FIRST, LATER, Rate, Rates, kind_of
from workers.engines.protocol import Engine, Measured, Member
from workers.messages import TaskInfo
from workers.metric_names import METRICS

FORMAT = 1
OUTPUTS, REPEATS, ENOUGH = 10, 5, 0.3
"""Classes of a made-up task; how often a network is timed at most, and after how many seconds no more."""

EngineFor = Callable[[TaskInfo, int], Engine]
"""Makes an engine for a task with so many training samples."""


def race(makes: Sequence[EngineFor], network: Network, batch: int, optimizer: Named | None = None) -> list[float]:
    """Time a training step of a network in several engines in turn, on made-up samples.

    Returns the seconds of this thread, each engine's best; infinity for one that cannot train the network.
    """
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2 * batch, *network.inputs, generator=generator)
    samples = Samples(inputs, torch.randint(0, network.outputs, (2 * batch,), generator=generator))
    recipe = Recipe(optimizer or Named("adamw"), batch_size=batch)
    member = Member(0, Candidate(Architecture(""), recipe, 0), network, batch)
    engines = [make(_task(network, len(samples)), len(samples)) for make in makes]
    trains = [not engine.add([member]) for engine in engines]
    best = [float("inf") for _ in engines]
    begin = time.thread_time()
    with one_thread():
        for number in range(1 + REPEATS):  # the first finds cold caches
            seconds = [
                _epoch(engine, samples) if able else float("inf") for engine, able in zip(engines, trains, strict=True)
            ]
            best = [min(pair) for pair in zip(best, seconds, strict=True)] if number else best
            if number and time.thread_time() - begin > ENOUGH:
                break
    return best


def calibrate(make: EngineFor) -> Rates:
    """Measure one engine; takes a fraction of a second."""

    def seconds(ops: Sequence[Op], inputs: Shape, batch: int = 32) -> float:
        return race([make], Network(inputs, OUTPUTS, (*ops, Linear(OUTPUTS))).check(), batch)[0]

    head = seconds((), (16,))
    hidden = max(seconds((Linear(16),), (16,)) - head, 0.0)
    layer = max(seconds((Linear(16), Activation("relu")), (16,)) - hidden - head, 0.0)
    step = max(head - hidden, 0.0)
    kinds = {"linear": _linear(seconds, step, hidden)}
    for small, large in _references():
        overhead = step + kinds["linear"].seconds + len(small[0][1:]) * layer
        kinds[kind_of(small[0][0])] = _rate(seconds, small, large, overhead)
    return Rates(step, layer, kinds)


def remembered(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what was measured before on this machine under a name; measure it if nothing was."""
    found = recalled(name)
    if found is not None:
        return found
    path, measured = _path(name), measure()
    with suppress(OSError):  # a cache that cannot be written is measured again
        file_store.write(str(path), json.dumps({"format": FORMAT, **measured}).encode())
    return measured


def recalled(name: str) -> dict[str, Any] | None:
    """Return what was measured before on this machine under a name; None if nothing was."""
    with suppress(OSError, ValueError):
        found = json.loads(_path(name).read_text("utf-8"))
        if isinstance(found, dict) and found.pop("format", None) == FORMAT:
            return found
    return None


def _epoch(engine: Engine, samples: Samples) -> float:
    """Return the seconds of a step, of the two of an epoch."""
    begin = time.thread_time()
    trained = engine.epoch(Epoch(samples, 0))[0]
    return (time.thread_time() - begin) / 2 if isinstance(trained, Measured) else float("inf")


Reference = tuple[tuple[Op, ...], Shape, int]
Seconds = Callable[[Sequence[Op], Shape, int], float]


def _references() -> list[tuple[Reference, Reference]]:
    """Return a small and a large network of each kind of arithmetic: ops, shape of a sample, batch."""
    pairs: list[tuple[Reference, Reference]] = [
        (((Conv2d(4, 3), Flatten()), (1, 8, 8), 16), ((Conv2d(32, 3), Flatten()), (32, 14, 14), 32))
    ]
    for cell in ("rnn", "gru", "lstm"):
        small, large = ((Recurrent(cell, hidden), SequencePool("last")) for hidden in (8, 128))
        pairs.append(((small, (4, 8), 16), (large, (8, 64), 64)))
    return pairs


def _linear(seconds: Seconds, step: float, hidden: float) -> Rate:
    large = ((Linear(512), Linear(512)), (512,), 128)
    flops = (FIRST + LATER) * 128 * large[0][0].flops((512,))
    spent = seconds(*large) - step - 3 * hidden
    return Rate(hidden, flops / max(spent, 1e-9))


def _rate(seconds: Seconds, small: Reference, large: Reference, overhead: float) -> Rate:
    """Solve seconds = overhead + layer + operations / rate for two networks."""
    little, much = (FIRST * batch * ops[0].flops(shape) for ops, shape, batch in (small, large))
    quick, slow = (max(seconds(*each) - overhead, 0.0) for each in (small, large))
    flops = (much - little) / max(slow - quick, 1e-9)
    return Rate(max(quick - little / flops, 0.0), flops)


def _task(network: Network, samples: int) -> TaskInfo:
    metrics = METRICS["classification"]
    return TaskInfo(
        "calibration",
        "classification",
        network.inputs,
        network.outputs,
        (samples, 0, 0),
        metrics,
        "cross_entropy",
        "",
    )


def _path(name: str) -> Path:
    return user_cache_path("nas") / f"{name}-{_machine()}.json"


def _machine() -> str:
    """Name the processor and torch's version, so that another's figures are not believed."""
    processor = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as lines:
        processor = next(line for line in lines if line.startswith("model name"))
    return hashlib.sha256(f"{processor} {torch.__version__}".encode()).hexdigest()[:12]
