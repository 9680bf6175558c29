"""The solo engine, the reference for every other: plain torch, one candidate of the cohort after another."""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from workers.batches import Epoch, Samples
from workers.checkpoints import TrainedState
from workers.engines.failures import INTERRUPTS, failure
from workers.engines.protocol import Failure, Measured, Member
from workers.engines.training import Training
from workers.messages import TaskInfo
from workers.metrics import measure

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class Solo:
    """Trains each candidate as if it were alone."""

    name = "solo"

    def __init__(self, info: TaskInfo, *, samples: int, epochs: int, device: str) -> None:
        self._info, self._samples, self._epochs, self._device = info, samples, epochs, device
        self._trainings: dict[int, Training] = {}

    def add(self, members: Collection[Member]) -> Mapping[int, Failure]:
        """Build the candidates' modules; return those that cannot be built."""
        results = _each({member.number: member for member in members}, self._add)
        return {number: result for number, result in results.items() if isinstance(result, Failure)}

    def epoch(self, epoch: Epoch) -> Mapping[int, Measured | Failure]:
        """Train one candidate after another."""
        return _each(self._trainings, lambda training: _train(training, epoch))

    def evaluate(self, samples: Samples) -> Mapping[int, Measured | Failure]:
        """Measure one candidate after another."""
        return _each(self._trainings, lambda training: self._measure(training, samples))

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates."""
        for number in numbers:
            self._trainings.pop(number, None)

    def export(self, number: int) -> TrainedState:
        """Return a copy of a candidate's state."""
        return self._trainings[number].export()

    def restore(self, number: int, state: TrainedState) -> None:
        """Let a candidate go on from a state."""
        self._trainings[number].restore(state)

    def _add(self, member: Member) -> None:
        self._trainings[member.number] = Training(
            member, self._info, samples=self._samples, epochs=self._epochs, device=self._device
        )

    def _measure(self, training: Training, samples: Samples) -> Measured:
        begin = time.perf_counter()
        metrics = measure(self._info, training.outputs(samples.inputs), samples.targets)
        return Measured(metrics, time.perf_counter() - begin)


def _each(items: Mapping[int, Item], work: Callable[[Item], Result]) -> dict[int, Result | Failure]:
    """Do one thing for each number; what one raises is its own failure."""
    results: dict[int, Result | Failure] = {}
    for number, item in items.items():
        try:
            results[number] = work(item)
        except INTERRUPTS:
            raise
        except BaseException as error:  # one candidate's error is its outcome, never its neighbours'
            results[number] = failure(error)
            log.debug("candidate %d failed", number, exc_info=True)
    return results


def _train(training: Training, epoch: Epoch) -> Measured:
    begin = time.perf_counter()
    loss = training.epoch(epoch)
    return Measured({"train_loss": loss}, time.perf_counter() - begin)
