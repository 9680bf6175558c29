"""Job queue: jobs that no worker has begun."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from workers.messages import Assignment, Ending, Job, Outcome


@dataclass(slots=True)
class JobQueue:
    """First come, first served; trials that are stopped before they begin are taken out."""

    _jobs: deque[Job] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Add a job at the end."""
        self._jobs.append(job)

    def take(self) -> Job:
        """Remove the first job and return it."""
        return self._jobs.popleft()

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()

    def withdraw(self, numbers: Collection[int], how: Ending) -> Sequence[Outcome]:
        """Take these trials out; they end where they would have started."""
        stopped = [item for job in self._jobs for item in job.assignments if item.number in numbers]
        going = (
            replace(job, assignments=tuple(item for item in job.assignments if item.number not in numbers))
            for job in self._jobs
        )
        self._jobs = deque(job for job in going if job.assignments)
        return [unbegun(item, how) for item in stopped]


def unbegun(item: Assignment, how: Ending) -> Outcome:
    """Return how a trial ends that no worker has begun: what it would have gone on from is what it has."""
    kept = item.checkpoint if how == "ENDED" else None
    epoch = kept.epoch if kept else 0 if how == "ENDED" else item.start_epoch
    return Outcome(item.number, item.attempt, how, epoch, {}, 0.0, checkpoint=kept)
