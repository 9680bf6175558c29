"""Which engine trains a candidate: the one that its network costs least in, of those that cover it."""

import logging
import os
from collections.abc import Collection, Mapping
from functools import cache

from workers.batches import Epoch, Samples
from workers.checkpoints import TrainedState
from workers.engines.costs import Rate, Rates
from workers.engines.native import library
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Failure, Measured, Member
from workers.engines.solo import Solo
from workers.messages import TaskInfo

SOLO = Rates(
    step=60e-6,
    layer=15e-6,
    kinds={
        "linear": Rate(30e-6, 200e9),
        "conv2d": Rate(90e-6, 160e9),
        "rnn": Rate(300e-6, 60e9),
        "gru": Rate(600e-6, 60e9),
        "lstm": Rate(250e-6, 130e9),
    },
)
NATIVE = Rates(
    step=0.5e-6,
    layer=0.2e-6,
    kinds={
        "linear": Rate(0.3e-6, 150e9),
        "conv2d": Rate(1e-6, 190e9),
        "rnn": Rate(2e-6, 150e9),
        "gru": Rate(2e-6, 170e9),
        "lstm": Rate(2e-6, 180e9),
    },
)
"""As measured on one machine; a step of either depends little on which."""

SWITCH = "NAS_ENGINE"
"""Environment variable: `solo` keeps everything in plain torch."""


class Chosen:
    """Trains each candidate of a cohort in the engine that is best for it; alone or not, that is the same one."""

    name = "chosen"

    def __init__(self, info: TaskInfo, *, samples: int, epochs: int, device: str) -> None:
        self._solo = Solo(info, samples=samples, epochs=epochs, device=device)
        self._native = Native(info, samples=samples, epochs=epochs) if device == "cpu" and native_is_there() else None
        self._engines: dict[int, Engine] = {}

    def engine_of(self, number: int) -> str:
        """Name the engine that trains a candidate, or would."""
        return self._engines.get(number, self._solo).name

    def add(self, members: Collection[Member]) -> Mapping[int, Failure]:
        """Take in candidates, each by its engine."""
        failures: dict[int, Failure] = {}
        for member in members:
            failures |= self._add(member)
        return failures

    def epoch(self, epoch: Epoch) -> Mapping[int, Measured | Failure]:
        """Train every candidate for an epoch."""
        return {number: found for engine in self._used() for number, found in engine.epoch(epoch).items()}

    def evaluate(self, samples: Samples) -> Mapping[int, Measured | Failure]:
        """Measure every candidate."""
        return {number: found for engine in self._used() for number, found in engine.evaluate(samples).items()}

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates."""
        for number in numbers:
            if engine := self._engines.pop(number, None):
                engine.drop([number])

    def export(self, number: int) -> TrainedState:
        """Return a candidate's state."""
        return self._engines[number].export(number)

    def restore(self, number: int, state: TrainedState) -> None:
        """Let a candidate go on from a state, whatever engine wrote it."""
        self._engines[number].restore(number, state)

    def _add(self, member: Member) -> Mapping[int, Failure]:
        engine: Engine = self._native if self._native and native_is_best(member) else self._solo
        failures = engine.add([member])
        if engine is not self._solo and any(failed.reason.startswith("uncovered") for failed in failures.values()):
            engine, failures = self._solo, self._solo.add([member])
        if not failures:
            self._engines[member.number] = engine
        return failures

    def _used(self) -> list[Engine]:
        used = list(self._engines.values())
        return [engine for engine in (self._native, self._solo) if engine in used]


def native_is_best(member: Member) -> bool:
    """Tell whether the native engine is expected to be the faster one."""
    network, batch = member.network, member.batch_size
    padded = -(-batch // 16) * 16
    return NATIVE.estimate(network, padded) <= SOLO.estimate(network, batch)


def native_is_there() -> bool:
    """Tell whether the native engine can be used and is wanted."""
    return os.environ.get(SWITCH) != "solo" and _status().present


@cache
def _status() -> library.Status:
    """Look for the native engine, and log once why it is absent."""
    status = library.status()
    if not status.present:
        logging.getLogger(__name__).info("%s; everything is trained in plain torch", status.reason)
    return status
