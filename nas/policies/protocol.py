"""What every policy does: decide which candidates are trained, and which of them are stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from nas.policies.replay import Values
from nas.trials import Trial
from search_spaces.candidate import Params
from search_spaces.errors import NasError


class Verdict(Enum):
    """What becomes of a trial after an epoch."""

    GO_ON = "go on"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Start:
    """A new candidate."""

    params: Params
    state: Mapping[str, object] = field(default_factory=dict)
    """JSON values that the policy must find again; they are stored with the trial."""


@dataclass(frozen=True, slots=True)
class Continue:
    """A known trial that goes on from its checkpoint, or from its beginning."""

    number: int


Decision = Start | Continue


class Policy(Protocol):
    """Decides from what it was given of trials, never by looking into the storage."""

    @property
    def trouble(self) -> NasError | None:
        """Return why a plug-in among its parts was set aside; None while all of them decide."""
        ...

    def next(self, waiting: Sequence[int], numbers: Sequence[int]) -> list[Decision]:
        """Return what to train next: some of the trials that wait, or a new candidate for each of these numbers.

        Without numbers the budget has no room for new candidates. Fewer decisions may be returned, or none.

        Raises:
            SpaceExhausted: nothing is left to try.
        """
        ...

    def report(self, number: int, epoch: int, value: float) -> Verdict:
        """Take a trial's value after an epoch; NaN is the weakest value there is."""
        ...

    def finish(self, trials: Sequence[Trial]) -> None:
        """Take trials that have ended."""
        ...

    def restore(self, trials: Sequence[Trial], values: Values) -> None:
        """Take the trials of earlier runs, in any state, and what they reported.

        After it the policy decides as if it had seen all of it happen.
        """
        ...
