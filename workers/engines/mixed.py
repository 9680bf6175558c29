"""Mixed engine: train each candidate of a cohort in the engine that the planner chooses for it."""

from collections.abc import Collection, Mapping

from workers.cancellation import NONE, Flags
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples
from workers.engines import planner
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Failure, Member, Result
from workers.engines.solo import Solo
from workers.messages import TaskInfo


class MixedEngine:
    """Trains each candidate of a cohort in the engine that is best for it; alone or not, that is the same one."""

    name = "chosen"

    def __init__(self, info: TaskInfo, *, samples: int, epochs: int, device: str, parts: int = 1) -> None:
        """Train epochs of which a pass over the samples takes `parts`."""
        self._solo = Solo(info, samples=samples, epochs=epochs, device=device, parts=parts)
        usable = device == "cpu" and planner.status().present
        self._native = Native(info, samples=samples, epochs=epochs, parts=parts) if usable else None
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

    def epoch(self, epoch: Epoch, flags: Flags = NONE) -> Mapping[int, Result]:
        """Train every candidate for an epoch."""
        return {number: found for engine in self._used() for number, found in engine.epoch(epoch, flags).items()}

    def evaluate(self, samples: Samples, flags: Flags = NONE) -> Mapping[int, Result]:
        """Measure every candidate."""
        return {number: found for engine in self._used() for number, found in engine.evaluate(samples, flags).items()}

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates."""
        for number in numbers:
            if engine := self._engines.pop(number, None):
                engine.drop([number])

    def export(self, number: int) -> TrainedState:
        """Return a candidate's state."""
        return self._engines[number].export(number)

    def restore(self, number: int, state: TrainedState) -> None:
        """Restore a candidate from a state, whatever engine wrote it."""
        self._engines[number].restore(number, state)

    def _add(self, member: Member) -> Mapping[int, Failure]:
        engine: Engine = self._native if self._native and planner.choose(member) == "native" else self._solo
        failures = engine.add([member])
        if engine is not self._solo and any(failed.reason.startswith("uncovered") for failed in failures.values()):
            engine, failures = self._solo, self._solo.add([member])
        if not failures:
            self._engines[member.number] = engine
        return failures

    def _used(self) -> list[Engine]:
        used = list(self._engines.values())
        return [engine for engine in (self._native, self._solo) if engine in used]
