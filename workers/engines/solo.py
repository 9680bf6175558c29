"""The solo engine, the reference for every other: plain torch, one candidate of the cohort after another."""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TypeVar

from workers.cancellation import NEVER, NONE, Flag, Flags
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples, step_count
from workers.engines.failures import failure
from workers.engines.protocol import Failure, Interrupted, Measured, Member, Result
from workers.engines.torch_training import Training
from workers.messages import TaskInfo
from workers.metrics import measure

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Solo:
    """Trains each candidate as if it were alone."""

    name = "solo"

    def __init__(self, info: TaskInfo, *, samples: int, epochs: int, device: str, parts: int = 1) -> None:
        self._info, self._device = info, device
        self._steps = partial(step_count, samples, parts, epochs=epochs)
        self._trainings: dict[int, Training] = {}

    def add(self, members: Collection[Member]) -> Mapping[int, Failure]:
        """Build the candidates' modules; return those that cannot be built."""
        results = {member.number: _guarded(member.number, partial(self._add, member)) for member in members}
        return {number: result for number, result in results.items() if result is not None}

    def epoch(self, epoch: Epoch, flags: Flags = NONE) -> Mapping[int, Result]:
        """Train one candidate after another."""
        return self._each(lambda training, ended: _train(training, epoch, ended), flags)

    def evaluate(self, samples: Samples, flags: Flags = NONE) -> Mapping[int, Result]:
        """Measure one candidate after another."""
        return self._each(lambda training, ended: self._measure(training, samples, ended), flags)

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates."""
        for number in numbers:
            self._trainings.pop(number, None)

    def export(self, number: int) -> TrainedState:
        """Return a copy of a candidate's state."""
        return self._trainings[number].export()

    def restore(self, number: int, state: TrainedState) -> None:
        """Restore a candidate from a state."""
        self._trainings[number].restore(state)

    def _add(self, member: Member) -> None:
        steps = self._steps(size=member.batch_size)
        self._trainings[member.number] = Training(member, self._info, steps=steps, device=self._device)

    def _each(self, work: Callable[[Training, Flag], Result], flags: Flags) -> dict[int, Result]:
        return {
            number: _guarded(number, partial(work, training, flags.get(number, NEVER)))
            for number, training in self._trainings.items()
        }

    def _measure(self, training: Training, samples: Samples, ended: Flag) -> Measured | Interrupted:
        begin = time.perf_counter()
        outputs = training.outputs(samples.inputs, ended)
        if outputs is None:
            return Interrupted()
        metrics = measure(self._info, outputs, samples.targets)
        return Measured(metrics, time.perf_counter() - begin)


def _guarded(number: int, work: Callable[[], Answer]) -> Answer | Failure:
    """Do something for one candidate; what it raises is its own failure."""
    try:
        return work()
    except BaseException as error:  # one candidate's error is its outcome, never its neighbours'
        log.debug("candidate %d failed", number, exc_info=True)
        return failure(error)


def _train(training: Training, epoch: Epoch, ended: Flag) -> Measured | Interrupted:
    begin = time.perf_counter()
    loss = training.epoch(epoch, ended)
    return Interrupted() if loss is None else Measured({"train_loss": loss}, time.perf_counter() - begin)
