"""Probe: time a few training steps and some validation samples to estimate the cost of an epoch.

The engine is the one that the planner would probably choose; nothing is calibrated for it. On a CPU the time of this
thread counts: what an epoch takes does not depend on what else runs while a few steps of it are timed.
"""

import time
from collections.abc import Callable

from search_spaces import families
from search_spaces.candidate import Candidate
from workers.datasets.batches import Epoch, Samples, batch_count
from workers.devices import one_thread
from workers.engines import planner
from workers.engines.failures import failure
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Measured, Member
from workers.engines.solo import Solo
from workers.messages import Probe, Timing, Timings, parts_of_a_pass
from workers.training_loop import Material

FEWEST, MOST = 16, 256
"""Validation samples that are measured for the estimate."""
FORWARD = 1 / 3
"""Share of a training step that its forward pass takes, about: how many samples there is time to measure, if any."""


def timed(material: Material, probe: Probe, *, device: str) -> Timings:
    """Estimate what an epoch of each candidate takes; each is given an equal share of the time that is left.

    Only one thing may take longer: a single batch of a single candidate.
    """
    until = time.perf_counter() + probe.seconds
    found: list[Timing | None] = []
    with one_thread():
        for index, candidate in enumerate(probe.candidates):
            now = time.perf_counter()
            share = (until - now) / (len(probe.candidates) - index)
            found.append(_guarded(material, candidate, probe.epoch_samples, now + share, device) if share > 0 else None)
    return tuple(found)


def _guarded(material: Material, candidate: Candidate, epoch_samples: int, until: float, device: str) -> Timing | None:
    try:
        return _timed(material, candidate, epoch_samples, until, device)
    except BaseException as error:  # a family's own code may raise anything; its trial will say what
        failure(error)  # but for an interrupt and a lost device
        return None


def _timed(material: Material, candidate: Candidate, epoch_samples: int, until: float, device: str) -> Timing | None:
    info = material.info
    samples = len(material.train) // parts_of_a_pass(info.samples[0], epoch_samples)
    size = min(candidate.recipe.batch_size, samples)
    member = Member(0, candidate, families.build(candidate.architecture, info.inputs, info.outputs), size)
    engine = _engine(member, material, device)
    if engine.add([member]):
        return None
    step = _step(engine, material.train, size, until)
    if step is None:
        return None
    steps = batch_count(samples, size)
    each = _measuring(engine, material.measured, FORWARD * step / size, until)
    return None if each is None else Timing(step * steps, each * len(material.measured), steps)


def _engine(member: Member, material: Material, device: str) -> Engine:
    samples, info = len(material.train), material.info
    if device == "cpu" and planner.guess(member) == "native":
        return Native(info, samples=samples, epochs=1)
    return Solo(info, samples=samples, epochs=1, device=device)


def _step(engine: Engine, samples: Samples, size: int, until: float) -> float | None:
    """Return the seconds of a training step: the first, and where there is time, a few more without it."""
    begin = time.perf_counter()
    first = _train(engine, samples, size, 1)
    now = time.perf_counter()
    more = int((until - now) / (now - begin) / 2)
    if first is None or not more:
        return first
    return _train(engine, samples, size, max(1, min(len(samples) // size, more)))


def _train(engine: Engine, samples: Samples, size: int, steps: int) -> float | None:
    few = Epoch(_first(samples, steps * size), 0)
    clock = _clock(samples)
    begin = clock()
    trained = engine.epoch(few)[0]
    return (clock() - begin) / steps if isinstance(trained, Measured) else None


def _measuring(engine: Engine, samples: Samples, expected: float, until: float) -> float | None:
    """Return the seconds that measuring takes for each sample; what is expected where no time is left."""
    room = int((until - time.perf_counter()) / expected)
    if room < FEWEST:
        return expected
    few = _first(samples, min(room, MOST))
    clock = _clock(samples)
    begin = clock()
    measured = engine.evaluate(few)[0]
    return (clock() - begin) / len(few) if isinstance(measured, Measured) else None


def _clock(samples: Samples) -> Callable[[], float]:
    return time.thread_time if samples.targets.device.type == "cpu" else time.perf_counter


def _first(samples: Samples, count: int) -> Samples:
    return Samples(samples.inputs[:count], samples.targets[:count])
