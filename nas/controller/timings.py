"""Stopwatch: seconds that a search spends in its parts: sampler, storage, dashboard."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from nas.policies.protocol import Policy
from search_spaces.errors import NasError

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


class TimedPolicy:
    """A policy of which the time of proposing and learning is booked as "sampler"."""

    def __init__(self, policy: Policy, stopwatch: Stopwatch) -> None:
        self._policy = policy
        self.next = stopwatch.timed("sampler", policy.next)
        self.finish = stopwatch.timed("sampler", policy.finish)
        self.restore = stopwatch.timed("sampler", policy.restore)
        self.report = policy.report

    @property
    def trouble(self) -> NasError | None:
        """Return why a plug-in was set aside."""
        return self._policy.trouble
