"""Jobs of the final stage: one training each, retried when its worker dies, ended when its time is over."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

from nas.controller.loop import LOSSES
from nas.controller.unit_of_work import UnitOfWork
from nas.events import Happening, Noticed
from nas.executors.protocol import Executor
from search_spaces.candidate import Candidate
from workers.messages import Assignment, Blame, Checkpoint, Job, JobLost, Outcome, Stage, TaskSpec

Purpose = Literal["comparison", "retraining", "baseline", "scoring"]
TURN = 0.5
"""Seconds that one turn waits for news at most."""


@dataclass(frozen=True, slots=True)
class Training:
    """One candidate with one seed, and what it is trained for."""

    purpose: Purpose
    number: int
    """The trial it is a training of; -1 where there is none."""
    candidate: Candidate
    epochs: int
    stage: Stage
    checkpoint: Checkpoint | None = None
    """Where it goes on from; one that holds the last epoch is scored as it is."""
    limit: float = math.inf
    """Seconds after which it is ended."""
    lost: tuple[Blame, ...] = ()
    """Whose fault each of its losses was."""

    @property
    def seed(self) -> int:
        """The seed of its weights and of the order of its batches."""
        return self.candidate.seed

    @property
    def attempt(self) -> int:
        """Count its lives, from 1."""
        return 1 + len(self.lost)

    @property
    def description(self) -> str:
        """Return what it is."""
        if self.purpose == "baseline":
            return "the linear baseline"
        verb = {"comparison": "comparing", "retraining": "retraining", "scoring": "scoring"}[self.purpose]
        return f"{verb} trial {self.number}"


Take = Callable[[Training, Outcome | None], Sequence[Training]]
"""Takes a training that has ended, with None if it was lost for good; returns what else to train."""


@dataclass(slots=True)
class Trainings:
    """Runs trainings on an executor until none is left, the user stops it, or the time is over."""

    study: str
    task: TaskSpec
    epoch_samples: int
    folder: str
    executor: Executor
    unit_of_work: UnitOfWork
    watch: Callable[[Happening], None]
    interrupted: Callable[[], bool]
    left: Callable[[], float]
    """Seconds that are left."""
    seconds: Callable[[], float]
    """Wall time of the study so far."""
    jobs: "count[int]"
    _numbers: "count[int]" = field(default_factory=count)
    _open: dict[int, Training] = field(default_factory=dict)
    _jobs: dict[int, int] = field(default_factory=dict)
    _ends: dict[int, float] = field(default_factory=dict)
    """When a training shall be ended, by the wall time of the study."""

    @property
    def out_of_time(self) -> bool:
        """Return whether the time is over."""
        return self.left() <= 0

    def run(self, wanted: Sequence[Training], take: Take) -> None:
        """Train what is wanted, and whatever `take` asks for as trainings end."""
        if self.interrupted():
            return
        self._begin(wanted)
        while self._open and not self.interrupted():
            self._end_late()
            for event in self.executor.poll(self._patience()):
                if isinstance(event, Outcome):
                    self._ended(event, take)
                elif isinstance(event, JobLost) and event.job in self._jobs:
                    self._lost(event, take)
            self.unit_of_work.flush(seconds=self.seconds())

    def end(self) -> None:
        """End what is under way: nobody waits for it any more."""
        self._stop(list(self._open))

    def _patience(self) -> float:
        left = self.left()
        return min(TURN, left) if left > 0 else TURN  # what was told to end is waited for

    def _begin(self, wanted: Sequence[Training]) -> None:
        for training in wanted:
            self._submit(next(self._numbers), training)

    def _submit(self, number: int, training: Training) -> None:
        """Submit one training; its number on the wire is no trial's, since one trial has several."""
        self._open[number] = training
        self._ends.setdefault(number, self.seconds() + training.limit)
        start = training.checkpoint.epoch if training.checkpoint else 0
        job = Job(
            id=next(self.jobs),
            study=self.study,
            task=self.task,
            assignments=(Assignment(number, training.candidate, training.attempt, start, training.checkpoint),),
            epochs=training.epochs,
            seed=training.seed,
            folder=self._folder(training),
            stage=training.stage,
            epoch_samples=self.epoch_samples,
            checkpoint_seconds=math.inf,  # a retraining is begun again, not gone on with
        )
        self._jobs[job.id] = number
        self.executor.submit(job)

    def _folder(self, training: Training) -> str:
        """Return where a training writes: what is not kept beside the search's checkpoints, which are swept.

        A retraining's folder is this controller's own: a worker that outlives the last one must not write into it.
        """
        if training.purpose != "retraining":
            return f"{self.folder}/checkpoints"
        return f"{self.folder}/final-{training.number}-{training.seed:x}-{self.unit_of_work.lease.epoch}"

    def _ended(self, outcome: Outcome, take: Take) -> None:
        training = self._open.get(outcome.number)
        if training is None or training.attempt != outcome.attempt:
            return  # of the search, or of an earlier life
        del self._open[outcome.number], self._ends[outcome.number]
        self._begin(take(training, outcome))

    def _lost(self, event: JobLost, take: Take) -> None:
        number = self._jobs.pop(event.job)
        training = self._open.get(number)
        if training is None:
            return  # its outcome came before its worker died
        training = replace(training, lost=(*training.lost, event.blame))
        if training.lost.count(event.blame) < LOSSES[event.blame] and not self._late(number):
            self.watch(Noticed(f"{event.reason}; {training.description} is begun again"))
            self._submit(number, training)
            return
        del self._open[number], self._ends[number]
        self.unit_of_work.event("final.lost", number=training.number, seed=training.seed, reason=event.reason)
        self.watch(Noticed(f"{event.reason}; {training.description} is given up"))
        self._begin(take(training, None))

    def _late(self, number: int) -> bool:
        if self._open[number].purpose == "scoring":
            return False  # it takes a moment, and is all that a study without time has
        return self.out_of_time or self.seconds() >= self._ends[number]

    def _end_late(self) -> None:
        self._stop([number for number in self._open if self._late(number)])

    def _stop(self, numbers: Sequence[int]) -> None:
        """Have trainings ended, each told once."""
        fresh = [number for number in numbers if self._ends[number] != -math.inf]
        for number in fresh:
            self._ends[number] = -math.inf
        if fresh:
            self.executor.end(fresh)
