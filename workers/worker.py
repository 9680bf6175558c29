"""Worker: receive a job, yield its events, and take back the numbers of trials to stop."""

import gc
import os
from collections.abc import Collection, Generator
from typing import TYPE_CHECKING

from search_spaces.errors import NasError
from workers.cancellation import CancellationRequests
from workers.datasets import dataset
from workers.messages import Event, Job, Machine, Memory, Outcome, Probe, Stage, TaskInfo, TaskSpec, Timings

if TYPE_CHECKING:
    from workers.training_loop import Material

Events = Generator[list[Event], Collection[int], None]
"""Each list holds what happened in one epoch; what is sent back are the numbers of the trials to stop."""


def machine() -> Machine:
    """Return what this machine can train with."""
    import torch

    from workers.devices import devices
    from workers.engines.native.bindings import status

    native = status()
    cores = len(os.sched_getaffinity(0))
    return Machine(devices(), cores, torch.__version__, native.variant, native.reason)


def load_torch() -> None:
    """Import what training needs."""
    import workers.training_loop  # noqa: F401


def warm_up() -> None:
    """Import what training needs, in a process that does nothing else: what it holds now is never looked at again.

    The garbage collector would go through torch's many objects again and again, which never become garbage. A process
    of the user's may hold garbage of its own, and is left alone.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        load_torch()
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


class Worker:
    """Trains jobs on one device, one at a time, and keeps the tasks it has loaded.

    Torch is loaded by `warm_up` or the first job, so that a task is described before that second has passed.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._datasets: dict[TaskSpec, dataset.Dataset] = {}
        self._kept: tuple[tuple[TaskSpec, Stage], Material] | None = None
        """What the last job learned from: the next one's samples are on the device already."""

    def describe(self, spec: TaskSpec) -> TaskInfo:
        """Load a task and say what it holds; raise `TaskError` if it cannot be used."""
        return self._load(spec).info

    def probe(self, probe: Probe) -> Timings:
        """Estimate what an epoch of some candidates takes; of a task that cannot be used nothing is known."""
        from workers.probe import timed

        try:
            material = self._material(probe.task, "search")
        except NasError:
            return (None,) * len(probe.candidates)
        return timed(material, probe, device=self.device)

    def memory(self) -> Memory:
        """Return what training has taken of the device's memory so far."""
        from workers.devices import memory

        return memory(self.device)

    def train(self, job: Job, cancellations: CancellationRequests | None = None) -> Events:
        """Train a job's candidates together, epoch by epoch; each ends with exactly one Outcome.

        Another thread may have some of them end at once, within an epoch, by `cancellations`. The first list, which may
        be empty, says that the samples are loaded and a cohort has begun.
        """
        from workers.engines.failures import out_of_memory
        from workers.training_loop import TrainingLoop

        try:
            material = self._material(job.task, job.stage)
        except NasError as error:
            yield _all_failed(job, f"task: {error}")
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            yield _all_failed(job, "oom")  # the samples alone fill the device
        else:
            yield from TrainingLoop(job, material, self.device, cancellations or CancellationRequests()).events()

    def _load(self, spec: TaskSpec) -> dataset.Dataset:
        if spec not in self._datasets:
            self._datasets[spec] = dataset.load(spec)
        return self._datasets[spec]

    def _material(self, task: TaskSpec, stage: Stage) -> "Material":
        if self._kept is None or self._kept[0] != (task, stage):
            self._kept = None  # first: there may not be room for both
            self._kept = (task, stage), self._placed(task, stage)
        return self._kept[1]

    def _placed(self, task: TaskSpec, stage: Stage) -> "Material":
        """Copy a job's samples to the device."""
        from workers.datasets.batches import join, load
        from workers.training_loop import Material

        loaded = self._load(task)
        final = stage == "final"
        train = join(loaded.train, loaded.validation) if final else loaded.train
        measured = loaded.test if final else loaded.validation
        return Material(loaded.info, load(train, device=self.device), load(measured, device=self.device))


def _all_failed(job: Job, reason: str) -> list[Event]:
    return [Outcome(item.number, item.attempt, "FAIL", item.start_epoch, {}, 0.0, reason) for item in job.assignments]
