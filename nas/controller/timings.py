"""Stopwatch: seconds that a search spends in its parts: sampler, storage, dashboard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from nas.samplers.protocol import Sampler
from nas.trials import Trial
from search_spaces.candidate import Params

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Stopwatch:
    """Seconds by part: "sampler", "storage", "dashboard"; what is left of a search is waiting for its workers."""

    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, part: str, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function; each call of it is booked under `part`."""

        def booked(*args: P.args, **kwargs: P.kwargs) -> R:
            began = self.clock()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[part] = self.seconds.get(part, 0.0) + self.clock() - began

        return booked


class TimedSampler:
    """A sampler whose time is booked."""

    def __init__(self, sampler: Sampler, stopwatch: Stopwatch) -> None:
        self._ask = stopwatch.timed("sampler", sampler.ask)
        self._tell = stopwatch.timed("sampler", sampler.tell)
        self._state = getattr(sampler, "state", None)

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters."""
        return self._ask(numbers)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from trials."""
        self._tell(trials)

    def state(self, number: int) -> Mapping[str, object]:
        """Return what the sampler must find again, where it keeps anything."""
        return self._state(number) if self._state else {}
