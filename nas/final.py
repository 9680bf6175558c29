"""The last stage: the best candidates retrained on train + validation with several seeds, each scored once on test."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from nas.config import StudyConfig
from nas.executors.protocol import Executor
from nas.happenings import FinalScored, FinalStarted, Happening, Noticed
from nas.ledger import Ledger
from nas.loop import LOSSES
from nas.proposals import seed_of
from nas.storage import Artifact
from nas.trials import Trial
from workers.messages import Assignment, Blame, Job, JobLost, Outcome

KIND = "final"
"""The kind of artifact that a retraining leaves."""


@dataclass(frozen=True, slots=True)
class TestScore:
    """What the best network scored on samples that the search never saw; `std` is the sample standard deviation."""

    metric: str
    mean: float
    std: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Retraining:
    """One candidate, one seed."""

    trial: Trial
    seed: int
    lost: tuple[Blame, ...] = ()
    """Whose fault each of its losses was."""

    @property
    def attempt(self) -> int:
        """Count its lives, from 1."""
        return 1 + len(self.lost)


@dataclass(slots=True)
class FinalStage:
    """Runs the retrainings that are not on record yet."""

    config: StudyConfig
    executor: Executor
    ledger: Ledger
    watch: Callable[[Happening], None]
    interrupted: Callable[[], bool]
    folder: str
    jobs: "count[int]"

    def run(self, best: Sequence[Trial], done: Sequence[Artifact], *, seconds: Callable[[], float]) -> list[Artifact]:
        """Retrain the best trials and return all their scored artifacts; stop early when interrupted."""
        scored = [item for item in done if item.kind == KIND]
        known = {(item.number, item.seed) for item in scored}
        plan = [Retraining(trial, seed) for trial in best for seed in self._seeds(trial)]
        todo = dict(enumerate(item for item in plan if (item.trial.number, item.seed) not in known))
        if todo:
            self.watch(FinalStarted(len(todo)))
        jobs = {self._submit(index, item): index for index, item in todo.items()}
        while todo and not self.interrupted():
            for event in self.executor.poll(0.5):
                if isinstance(event, Outcome) and event.number in todo and event.attempt == todo[event.number].attempt:
                    scored.extend(self._score(todo.pop(event.number), event))
                elif isinstance(event, JobLost) and event.job in jobs:
                    self._retry(jobs.pop(event.job), event, todo, jobs)
            self.ledger.flush(seconds=seconds())
        return scored

    def _seeds(self, trial: Trial) -> list[int]:
        return [seed_of(self.config.seed, KIND, trial.number, index) for index in range(self.config.final.seeds)]

    def _submit(self, index: int, item: Retraining) -> int:
        """Submit one retraining; its number on the wire is its place in the plan, since one trial has several.

        The folder is this controller's own: a worker that outlives the last one must not write into its files.
        """
        candidate = replace(item.trial.candidate, seed=item.seed)
        job = Job(
            id=next(self.jobs),
            study=self.config.name,
            task=self.config.task,
            assignments=(Assignment(index, candidate, item.attempt),),
            epochs=self.config.final.epochs or self.config.budget.epochs,
            seed=item.seed,
            folder=f"{self.folder}/final-{item.trial.number}-{item.seed:x}-{self.ledger.lease.epoch}",
            stage="final",
            checkpoint_seconds=math.inf,  # a retraining is begun again, not gone on with
            epoch_samples=self.config.epoch_samples,
        )
        self.executor.submit(job)
        return job.id

    def _retry(self, index: int, event: JobLost, todo: dict[int, Retraining], jobs: dict[int, int]) -> None:
        item = todo[index]
        self.watch(Noticed(f"{event.reason}; the retraining of trial {item.trial.number} is begun again"))
        item = replace(item, lost=(*item.lost, event.blame))
        if item.lost.count(event.blame) >= LOSSES[event.blame]:
            self.ledger.event("final.lost", number=item.trial.number, seed=item.seed, reason=event.reason)
            del todo[index]
            return
        todo[index] = item
        jobs[self._submit(index, item)] = index

    def _score(self, item: Retraining, outcome: Outcome) -> list[Artifact]:
        if outcome.state != "COMPLETE" or outcome.checkpoint is None:
            self.ledger.event("final.failed", number=item.trial.number, seed=item.seed, reason=outcome.reason)
            self.watch(Noticed(f"retraining trial {item.trial.number} failed: {outcome.reason}"))
            return []
        saved = outcome.checkpoint
        artifact = Artifact(
            number=item.trial.number,
            kind=KIND,
            path=saved.path,
            sha256=saved.sha256,
            bytes=saved.bytes,
            epoch=saved.epoch,
            metrics=dict(outcome.metrics),
            seed=item.seed,
        )
        self.ledger.artifact(artifact)
        self.watch(FinalScored(item.trial.number, item.seed, outcome.metrics))
        return [artifact]


def retrained(artifacts: Sequence[Artifact], number: int) -> Artifact | None:
    """Return the first retraining of a trial, which is the one that is exported; None where there is none."""
    return next((item for item in artifacts if item.kind == KIND and item.number == number), None)


def score(artifacts: Sequence[Artifact], number: int, metric: str) -> TestScore | None:
    """Sum up a trial's retrainings in one metric; None where there are none."""
    values = [item.metrics[metric] for item in artifacts if item.number == number and metric in item.metrics]
    if not values:
        return None
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return TestScore(metric, statistics.fmean(values), spread, len(values))
