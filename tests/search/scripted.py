"""An executor whose trainings follow a script, and studies to run on it in this process, on a real SQLite file."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.controller.controller import Controller
from nas.controller.prepare import prepare
from nas.controller.run_settings import RunSettings
from nas.events import EpochsDone, Happening
from nas.executors.protocol import Executor
from nas.storage import Storage, StudyRecord
from nas.trials import Trial
from search_spaces.candidate import Named, Settings
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace
from workers.messages import (
    Assignment,
    Blame,
    Checkpoint,
    EpochMetrics,
    Event,
    Job,
    JobLost,
    Outcome,
    Probe,
    Saved,
    TaskInfo,
    TaskSpec,
    Timing,
    Timings,
)

TASK = TaskInfo("scripted", "classification", (8,), 3, (60, 20, 20), ("loss", "accuracy"), "cross_entropy", "0" * 64)
EPOCHS = 9


class Killed(BaseException):
    """The controller is gone from one moment to the next, as by kill -9."""


def killing(poll: int) -> Callable[[int], Sequence[Event | JobLost]]:
    """Return what kills the controller when it polls for the nth time."""

    def kill(number: int) -> Sequence[Event | JobLost]:
        if number == poll:
            raise Killed
        return ()

    return kill


@dataclass(frozen=True, slots=True)
class Life:
    """What happens to one assignment: what it measures after each epoch, and what ends it early."""

    measure: Callable[[int], Mapping[str, float]]
    lost_after: int | None = None
    """Its worker dies after so many epochs of this life."""
    blame: Blame = "job"
    fails_after: int | None = None
    reason: str = ""
    saves: bool = True
    """A checkpoint after every epoch."""


Script = Callable[[Assignment], Life]


def usual(assignment: Assignment) -> Life:
    """Learn at a pace that depends on the trial alone."""
    final = ((assignment.number * 37) % 101) / 101
    return Life(lambda epoch: {"loss": 1.0 / epoch, "accuracy": final * epoch / EPOCHS})


def reaching(*finals: float) -> Script:
    """Let trial n end with the nth accuracy."""
    return lambda item: Life(
        lambda epoch: {"loss": 1.0 / epoch, "accuracy": finals[item.number % len(finals)] * epoch / EPOCHS}
    )


@dataclass(slots=True, eq=False)
class Training:
    """One assignment under way."""

    job: Job
    assignment: Assignment
    life: Life
    epochs: int
    lived: int = 0
    stopped: bool = False
    ended: bool = False


@dataclass(slots=True)
class ScriptedExecutor:
    """Trains each running job by one epoch at every poll, in no time."""

    script: Script = usual
    capacity: int = 1
    cohort: int = 1
    deaf: bool = False
    """Hears no stop."""
    at_poll: Callable[[int], Sequence[Event | JobLost]] = lambda _: ()
    """Called with the number of the poll before it does anything; what it returns is reported too."""
    task: TaskInfo = TASK
    epoch_seconds: float | None = None
    """What a probe says that an epoch of any candidate takes."""
    jobs: list[Job] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    closed: int = 0
    trained: int = 0
    """Epochs of the search stage, trained by all."""
    polls: int = 0
    running: list[Training] = field(default_factory=list)

    def describe(self, task: TaskSpec) -> TaskInfo:
        return self.task

    def probe(self, probe: Probe) -> Timings:
        timing = None if self.epoch_seconds is None else Timing(self.epoch_seconds, 0.0, 1)
        return (timing,) * len(probe.candidates)

    def submit(self, job: Job) -> None:
        self.jobs.append(job)
        self.running += [Training(job, item, self.script(item), item.start_epoch) for item in job.assignments]

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        self.polls += 1
        happened = list(self.at_poll(self.polls))
        jobs = list(dict.fromkeys(training.job.id for training in self.running))[: self.capacity]
        for training in [item for item in self.running if item.job.id in jobs]:
            if training in self.running:  # its job was not lost with another
                happened += self._advance(training)
        return happened

    def stop(self, numbers: Collection[int]) -> None:
        self.stops += numbers
        for training in self.running:
            training.stopped |= training.assignment.number in numbers

    def end(self, numbers: Collection[int]) -> None:
        self.ends += numbers
        for training in self.running:
            training.ended |= training.assignment.number in numbers

    def close(self) -> None:
        self.closed += 1
        self.running.clear()

    def _advance(self, training: Training) -> list[Event | JobLost]:
        life = training.life
        if training.stopped and not self.deaf:
            return [self._end(training, "PRUNED")]
        if training.ended and not self.deaf:
            return [self._end(training, "ENDED")]
        if life.lost_after == training.lived:
            self.running = [item for item in self.running if item.job is not training.job]
            return [JobLost(training.job.id, "worker 1 was killed by signal 9", life.blame)]
        if life.fails_after == training.epochs:
            return [self._end(training, "FAIL")]
        linear = training.assignment.candidate.architecture.family == "linear"
        training.epochs = training.job.epochs if linear else training.epochs + 1  # a baseline takes no time
        training.lived += 1
        return self._epoch(training)

    def _epoch(self, training: Training) -> list[Event | JobLost]:
        item, last = training.assignment, training.epochs >= training.job.epochs
        events: list[Event | JobLost] = []
        if training.job.stage == "search":
            self.trained += 1
        events.append(
            EpochMetrics(item.number, item.attempt, training.epochs, training.life.measure(training.epochs), 0.5)
        )
        if last:
            events.append(self._end(training, "COMPLETE"))
        elif training.life.saves:
            events.append(Saved(item.number, item.attempt, write_checkpoint(training)))
        return events

    def _end(self, training: Training, state: Any) -> Outcome:
        self.running.remove(training)
        item, epochs = training.assignment, training.epochs
        metrics = training.life.measure(epochs) if epochs else {}
        kept = state == "COMPLETE" or (state == "ENDED" and epochs)
        checkpoint = write_checkpoint(training) if kept else None
        reason = training.life.reason if state == "FAIL" else ""
        return Outcome(item.number, item.attempt, state, epochs, metrics, 0.5 * epochs, reason, checkpoint)


def write_checkpoint(training: Training) -> Checkpoint:
    """Write a file that says what it is."""
    job, item, epoch = training.job, training.assignment, training.epochs
    content = f"{job.stage} {item.number} {item.attempt} {epoch} {item.candidate.seed}".encode()
    name = f"{job.stage}-{item.number:06d}-attempt-{item.attempt}-epoch-{epoch}-seed-{item.candidate.seed % 999}"
    path = Path(job.folder) / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Checkpoint(str(path), hashlib.sha256(content).hexdigest(), len(content), epoch)


def space(**changes: Any) -> SearchSpace:
    """Infinitely many small networks."""
    when = Expression.parse("depth > 1")
    spelled: dict[str, Any] = {
        "name": "small",
        "family": "mlp",
        "architecture": {"depth": Int(1, 2), "width.0": Choice((8, 16, 32)), "width.1": Choice((8, 16), when=when)},
        "recipe": {"label_smoothing": Float(0.0, 0.2)},
    }
    return SearchSpace(**{**spelled, **changes})


def tiny_space(*widths: int) -> SearchSpace:
    """One network for each width."""
    return space(architecture={"width": Choice(widths)}, recipe={}, fixed=Settings(depth=1))


@dataclass(slots=True)
class Bench:
    """A folder with a database, and one study that is run in it again and again."""

    folder: Path
    watched: list[Happening] = field(default_factory=list)
    storages: list[Storage] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/nas.db"

    @property
    def storage(self) -> Storage:
        if not self.storages:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.storages.append(Storage.open(self.url))
        return self.storages[0]

    def config(self, **changes: Any) -> StudyConfig:
        """Random search of 6 trials of 9 epochs, without pruning, final stage or export."""
        usual = StudyConfig(
            name="s",
            task=TaskSpec(Named("digits")),
            space=space(),
            objectives=(Objective("accuracy", "maximize"),),
            sampler=Named("random"),
            pruning=Pruning(Named("none"), "accuracy"),
            budget=Budget(trials=6, epochs=EPOCHS),
            final=Final(seeds=0),
            storage=self.url,
            artifacts=Artifacts(str(self.folder / "runs"), export=()),
        )
        return replace(usual, **changes)

    def run(self, executor: Executor, config: StudyConfig | None = None, **settings: Any) -> StudyRecord:
        """Begin the study, or go on with it."""
        settings = {"watch": self.watched.append, "pause": 0.0, **settings}
        controller = Controller(self.storage, RunSettings(**settings), start=lambda _: executor)
        known = self.storage.find("s")
        if known:
            return controller.resume(known, config)
        with ExitStack() as stack:
            return controller.begin_prepared(prepare(config or self.config(), stack, controller.start))

    def run_killed(self, config: StudyConfig, at_polls: Sequence[int], **settings: Any) -> int:
        """Run it with a kill at each of these polls, then to its end; return the epochs that were trained."""
        trained = 0
        for poll in at_polls:
            executor = ScriptedExecutor(at_poll=killing(poll), **settings)
            with suppress(Killed):
                self.run(executor, config)
            trained += executor.trained
        executor = ScriptedExecutor(**settings)
        self.run(executor, config)
        return trained + executor.trained

    def after(self, epochs: int) -> Callable[[], bool]:
        """Return what interrupts the study once so many epochs were reported from now on."""
        seen = len(self.told(EpochsDone))
        return lambda: len(self.told(EpochsDone)) - seen >= epochs

    @property
    def record(self) -> StudyRecord:
        return self.storage.study("s")

    @property
    def trials(self) -> list[Trial]:
        return self.storage.trials(self.record.id)

    def told(self, kind: type) -> list[Any]:
        """Return the happenings of one kind."""
        return [item for item in self.watched if isinstance(item, kind)]


def asha(**settings: Any) -> Pruning:
    """Prune on accuracy; with 9 epochs the rungs are at 2 and 6."""
    return Pruning(Named("asha", Settings(settings)), "accuracy")


def results(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    """Return what must be the same of two runs of one study: everything but times, attempts and files."""
    return [
        (item.number, dict(item.params), item.state, item.reason, item.values, item.reused_from, points(item))
        for item in trials
    ]


def points(trial: Trial) -> list[tuple[int, dict[str, float]]]:
    return [(point.epoch, dict(point.metrics)) for point in trial.curve]
