"""The native engine: candidates of exact shape, each trained for an epoch at a stretch by one core, in C++."""

import ctypes
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import Named
from workers import schedules
from workers.cancellation import NEVER, NONE, Flags
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples, batch_count, step_count
from workers.engines.failures import failure
from workers.engines.native import bindings
from workers.engines.native.bindings import INTERRUPTED, NO_MEMORY, Work
from workers.engines.native.candidate import NativeCandidate
from workers.engines.native.packing import EVALUATION_SIZE, Packed, Packer
from workers.engines.native.program import Unsupported
from workers.engines.protocol import Failure, Interrupted, Measured, Member, Result
from workers.messages import TaskInfo
from workers.schedules.constant import Constant

Factors = NDArray[np.float64]


class Native:
    """Trains a cohort in one call of C++ an epoch; raises `EngineMissing` where C++ was not built."""

    name = "native"

    def __init__(
        self, info: TaskInfo, *, samples: int, epochs: int, parts: int = 1, threads: int = 1, variant: str = ""
    ) -> None:
        self._info, self._threads = info, threads
        self._steps = partial(step_count, samples, parts, epochs=epochs)
        self._library = bindings.load(variant)
        self._packer, self._measurer = Packer(self._library), Packer(self._library)
        self._measured: tuple[Samples, Packed] | None = None
        self._scale = np.array(info.target_scale or [1.0] * info.outputs, np.float64)
        self._trained: dict[int, NativeCandidate] = {}

    def add(self, members: Collection[Member]) -> Mapping[int, Failure]:
        """Make the candidates in C++; return those that cannot be made: `uncovered: …` where C++ has no such layer."""
        failures: dict[int, Failure] = {}
        for member in members:
            try:
                self._trained[member.number] = NativeCandidate(member, self._info, self._library)
            except Unsupported as error:
                failures[member.number] = Failure(f"uncovered: {error}")
            except BaseException as error:  # one candidate's error is its outcome, never its neighbours'
                failures[member.number] = failure(error)
        return failures

    def epoch(self, epoch: Epoch, flags: Flags = NONE) -> Mapping[int, Result]:
        """Train every candidate; those of one batch size share the packed epoch."""
        packs = {size: self._packer.train(epoch.samples, size) for size in {*map(_size, self._trained.values())}}
        kept: list[Factors | None] = []  # C++ reads them while it works

        def work(trained: NativeCandidate) -> Work:
            packed = packs[_size(trained)]
            kept.append(self._factors(trained, epoch))
            return _work(trained, packed, kept[-1], flags)

        works = self._call(work, lambda works, count: self._library.nas_train(works, count, self._threads))
        for trained, done in zip(self._trained.values(), works, strict=True):
            trained.step, trained.product = trained.step + _batches(trained, epoch), done.product
            trained.epochs += 1
        return self._results(works, lambda done: {"train_loss": done.loss})

    def evaluate(self, samples: Samples, flags: Flags = NONE) -> Mapping[int, Result]:
        """Measure every candidate on these samples."""
        if self._measured is None or self._measured[0] is not samples:
            self._measured = samples, self._measurer.pack(samples, EVALUATION_SIZE, len(samples))
        packed, scale = self._measured[1], self._scale.ctypes.data
        works = self._call(
            lambda trained: _work(trained, packed, None, flags),
            lambda works, count: self._library.nas_measure(works, count, self._threads, scale),
        )
        return self._results(works, lambda done: dict(zip(self._info.metrics, done.metrics, strict=False)))

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates and free their memory."""
        for number in numbers:
            self._trained.pop(number, None)

    def export(self, number: int) -> TrainedState:
        """Return a copy of a candidate's state, under torch's names."""
        return self._trained[number].export()

    def restore(self, number: int, state: TrainedState) -> None:
        """Restore a candidate from a state."""
        self._trained[number].restore(state)

    def _call(
        self, work: Callable[[NativeCandidate], Work], function: Callable[[ctypes.Array[Work], int], None]
    ) -> list[Work]:
        """Call one C++ function for all candidates; the interpreter is free meanwhile."""
        works = (Work * len(self._trained))(*map(work, self._trained.values()))
        function(works, len(works))
        return list(works)

    def _results(self, works: Collection[Work], metrics: Callable[[Work], Mapping[str, float]]) -> dict[int, Result]:
        unfinished: dict[int, Result] = {NO_MEMORY: Failure("oom"), INTERRUPTED: Interrupted()}
        return {
            number: unfinished.get(done.failed) or Measured(metrics(done), done.seconds)
            for number, done in zip(self._trained, works, strict=True)
        }

    def _factors(self, trained: NativeCandidate, epoch: Epoch) -> Factors | None:
        """Return the learning rate's factors of an epoch's steps; nothing where it never changes."""
        recipe = trained.member.candidate.recipe
        factors = _schedule(recipe.schedule, recipe.warmup, self._steps(size=_size(trained)))
        return None if factors is None else factors[trained.step : trained.step + _batches(trained, epoch)]


@lru_cache(maxsize=256)
def _schedule(named: Named, warmup: float, steps: int) -> Factors | None:
    """Return the factor of each step of a whole training."""
    schedule = schedules.make(named)
    if isinstance(schedule, Constant) and not round(warmup * steps):
        return None
    return np.array([schedules.factor_at(schedule, warmup=warmup, step=step, steps=steps) for step in range(steps)])


def _size(trained: NativeCandidate) -> int:
    return trained.member.batch_size


def _batches(trained: NativeCandidate, epoch: Epoch) -> int:
    return batch_count(len(epoch.samples), _size(trained))


def _work(trained: NativeCandidate, packed: Packed, factors: Factors | None, flags: Flags) -> Work:
    return Work(
        candidate=trained.handle,
        inputs=packed.inputs.ctypes.data,
        targets=packed.targets.ctypes.data,
        factors=None if factors is None else factors.ctypes.data,
        ended=ctypes.addressof(flags.get(trained.member.number, NEVER)),
        samples=packed.samples,
        size=packed.size,
        step=trained.step,
        product=trained.product,
    )
