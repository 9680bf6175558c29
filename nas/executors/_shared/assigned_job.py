"""Assigned job: the job of one worker as its executor sees it: begun or not, and which trials have ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from nas.executors._shared.job_queue import unbegun
from workers.messages import Event, Job, Outcome


@dataclass(slots=True)
class AssignedJob:
    """A worker that still loads its samples, or itself, answers nobody: its executor answers for it."""

    job: Job
    begun: bool = False
    _answered: set[int] = field(default_factory=set)

    @property
    def numbers(self) -> frozenset[int]:
        """The trials of the job."""
        return frozenset(item.number for item in self.job.assignments)

    def take(self, events: Sequence[Event]) -> list[Event]:
        """Take what a worker reports; return what is news: not of those who were answered for."""
        self.begun = True
        return [event for event in events if event.number not in self._answered]

    def end(self, numbers: Collection[int]) -> list[Outcome]:
        """Return the outcomes of those that end without having begun; the worker answers for all others."""
        if self.begun:
            return []
        items = [item for item in self.job.assignments if item.number in numbers and item.number not in self._answered]
        self._answered.update(item.number for item in items)
        return [unbegun(item, "ENDED") for item in items]
