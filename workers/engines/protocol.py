"""Engine protocol: train a cohort an epoch at a time, add and remove candidates, export their states."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from search_spaces.candidate import Candidate
from search_spaces.network import Network
from workers.cancellation import NONE, Flags
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples


@dataclass(frozen=True, slots=True)
class Member:
    """One candidate of a cohort, by its trial's number, with its network and the batch size it is trained at."""

    number: int
    candidate: Candidate
    network: Network
    batch_size: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics of one candidate, and its own seconds for them."""

    metrics: Mapping[str, float]
    seconds: float

    @property
    def finite(self) -> bool:
        """Return whether its losses are numbers."""
        return all(math.isfinite(self.metrics.get(name, 0.0)) for name in ("train_loss", "loss"))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one candidate cannot go on; the others of its cohort are not touched."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The candidate was to end at once: its state is somewhere within an epoch, and of no use any more."""


Result = Measured | Failure | Interrupted


class Engine(Protocol):
    """Holds a cohort on one device. What a candidate computes does not depend on who else is in the cohort."""

    @property
    def name(self) -> str:
        """Return what an `Outcome` calls this engine."""
        ...

    def add(self, members: Collection[Member]) -> Mapping[int, Failure]:
        """Take in candidates with their initial weights; return those that cannot be built."""
        ...

    def epoch(self, epoch: Epoch, flags: Flags = NONE) -> Mapping[int, Result]:
        """Train every candidate on each batch of an epoch once; its one metric is `train_loss`.

        Whoever's flag is raised meanwhile is interrupted before the next batch.
        """
        ...

    def evaluate(self, samples: Samples, flags: Flags = NONE) -> Mapping[int, Result]:
        """Measure every candidate on these samples, batch by batch, as far as no flag interrupts it."""
        ...

    def drop(self, numbers: Collection[int]) -> None:
        """Forget candidates and free what they hold."""
        ...

    def export(self, number: int) -> TrainedState:
        """Return everything one candidate needs to go on elsewhere, but for `metrics`."""
        ...

    def restore(self, number: int, state: TrainedState) -> None:
        """Restore a candidate that was added from a state; raise `CheckpointError` if it is of another network."""
        ...
