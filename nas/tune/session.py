"""Session: one run of a study by Tune; it holds the lease, and each of Tune's calls advances the search."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from nas.artifacts.final_result import FinalResult, retrainings
from nas.config import StudyConfig
from nas.controller.controller import require_same_samples
from nas.controller.lease_heartbeat import LeaseHeartbeat, release
from nas.controller.prepare import prepare
from nas.controller.provenance import environment
from nas.controller.run import Run
from nas.controller.run_settings import RunSettings
from nas.objectives import ranked
from nas.storage import LazyStorage
from nas.study import require_same
from nas.study_file.load import as_begun, from_json, to_json
from nas.study_file.name import require_name
from nas.trials import Point, Trial, TrialState
from nas.tune.executor import TuneExecutor
from search_spaces.errors import NasError
from workers import file_store
from workers.messages import Checkpoint, EpochMetrics, JobLost, Outcome

_RENEWAL = 1.0
"""Seconds between two renewals of the lease, which outlives the last by many: Tune's loop stops now and then."""


@dataclass(frozen=True, slots=True)
class Ending:
    """End of a trial that Tune has ended: what is known of it beside its reports."""

    keep: Callable[[str], Checkpoint | None]
    """Puts its weights into a folder of ours, if Tune has any that are ours."""
    engine: str
    note: str
    """What the record should say of one that ended well all the same."""


class Session:
    """Knows trials by Tune's ids. Whatever is reported to it is on record when it returns."""

    def __init__(self, run: Run, executor: TuneExecutor, closing: ExitStack) -> None:
        self._run, self._search, self._executor, self._closing = run, run.search, executor, closing
        self._epochs = run.config.budget.epochs
        self._numbers: dict[str, int] = {}
        self._joined: set[str] = set()
        self._jobs: dict[str, int] = {}
        """The jobs of the trials that Tune has to bring to an end."""
        self._last: dict[int, Point] = {}
        self._renewed_at = run.settings.clock()

    @classmethod
    def open(cls, config: StudyConfig) -> "Session":
        """Create the study, or go on with it where it stands; what ran then waits until Tune or we begin it again.

        Raises:
            StudyBusy: another controller runs it.
            StudyExists: a study of that name has another definition, or its samples have changed.
            SpecError, TaskError: as `nas.controller.prepare`.
        """
        with ExitStack() as stack:
            executor = TuneExecutor()
            lazy = stack.enter_context(LazyStorage(config.storage))
            if known := lazy.find(config.name):
                require_same(known, config)
                config = as_begun(config, from_json(known.config))
            else:
                require_name(config.name)
            prepared = prepare(config, stack, lambda _: executor)
            storage = lazy.created()
            record = storage.find(config.name)
            if record is None:
                record = storage.create(config.name, to_json(prepared.config), prepared.task, environment())
            require_same(record, config)
            require_same_samples(record, prepared.task)
            lease = storage.acquire(record.id)
            stack.callback(release, storage, lease)
            run = Run(storage, record, prepared, LeaseHeartbeat(storage, lease), RunSettings())
            run.enter()
            return cls(run, executor, stack.pop_all())

    @property
    def idle(self) -> bool:
        """Return whether Tune has no trial of ours to bring to an end."""
        return not self._jobs

    def follows(self, tune_id: str) -> bool:
        """Return whether the scheduler has reported a trial."""
        return tune_id in self._joined

    def turn(self) -> None:
        """Renew the lease, check for reasons to end early, update the dashboard; Tune's loop calls it all the time."""
        if self._run.settings.clock() - self._renewed_at >= _RENEWAL:
            self._run.heartbeat.renew()
            self._renewed_at = self._run.settings.clock()
        self._search.check_interrupts()
        if self._search.dashboard.due:
            self._search.show()

    def suggest(self, tune_id: str) -> Trial | None:
        """Begin one more trial under this id and return it; None if there is none to begin now."""
        self.turn()
        self._executor.capacity = len(self._jobs) + 1
        self._search.dispatch()
        self._record()
        job = self._executor.take()
        if job is None:
            return None
        number = job.assignments[0].number
        self._follow(tune_id, number, job.id)
        return self._search.history[number]

    def join(self, tune_id: str, number: int) -> bool:
        """Join a trial that Tune has queued, perhaps again; return False where it is over on record.

        Tune knows of a trial what it last wrote down: it may have ended since.
        """
        self._joined.add(tune_id)
        if tune_id in self._jobs:
            return True
        trial = self._search.history[number]
        if trial.state is not TrialState.WAITING:
            return tune_id in self._numbers
        self._search.start([trial])
        job = self._executor.take()
        assert job is not None
        self._follow(tune_id, number, job.id)
        return True

    def recorded(self, number: int) -> Trial:
        """Return a trial as it is on record."""
        return self._search.history[number]

    def report(self, tune_id: str, point: Point) -> bool:
        """Record one epoch; return whether the trial shall stop there."""
        trial = self._trial(tune_id)
        if trial is None:
            return True
        if trial.number not in self._last or point.epoch > self._last[trial.number].epoch:
            self._last[trial.number] = point
        self._search.receive([EpochMetrics(trial.number, trial.attempt, point.epoch, point.metrics, point.seconds)])
        self._record()
        return point.epoch >= self._epochs or trial.number in self._executor.stops | self._executor.ended

    def end(self, tune_id: str, ending: Ending) -> None:
        """Record how a trial ended that Tune has ended: at its last epoch, or before because we or Tune said so."""
        trial = self._trial(tune_id)
        if trial is not None:
            last = self._last.get(trial.number, Point(0, {}, 0.0))
            outcome = Outcome(
                trial.number, trial.attempt, "COMPLETE", last.epoch, last.metrics, 0.0, engine=ending.engine
            )
            if not last.epoch:
                outcome = replace(outcome, state="FAIL", reason="metric: nothing was reported")
            elif last.epoch >= self._epochs:
                outcome = replace(outcome, checkpoint=ending.keep(self._search.folder), reason=ending.note)
            elif trial.number in self._executor.stops:
                outcome = replace(outcome, state="PRUNED")
            elif trial.number in self._executor.ended:
                outcome = replace(outcome, state="ENDED", checkpoint=self._kept(ending, last.epoch))
            else:
                outcome = replace(outcome, state="PRUNED", reason="stopped")
            self._search.receive([outcome])
        self._leave(tune_id)

    def _kept(self, ending: Ending, epoch: int) -> Checkpoint | None:
        """Return the weights that Tune has of a trial, if they are those of its last epoch."""
        kept = ending.keep(self._search.folder)
        if kept is not None and kept.epoch != epoch:
            file_store.remove([kept.path])
            return None
        return kept

    def fail(self, tune_id: str, reason: str) -> None:
        """Record that a trial has failed for good."""
        trial = self._trial(tune_id)
        if trial is not None:
            last = self._last.get(trial.number, Point(0, {}, 0.0))
            self._search.receive([Outcome(trial.number, trial.attempt, "FAIL", last.epoch, {}, 0.0, reason)])
        self._leave(tune_id)

    def lose(self, tune_id: str, reason: str) -> None:
        """Record that a trial has to be begun again; how often is decided by whoever runs Tune."""
        if tune_id in self._jobs:
            self._search.receive([JobLost(self._jobs[tune_id], reason, blame="machine")])
        self._leave(tune_id)

    def conclude(self) -> None:
        """Record how the search has ended, once nothing runs any more, and close the study."""
        with self._closing:
            reason = self._search.conclude()
            self._run.check_policy()
            best = ranked(list(self._search.history), self._run.config.objectives)
            if reason in ("", "stop"):
                self._run.leave("STOPPED", "stop", {})
            elif best:
                self._run.leave("FINISHED", reason, self._run.result(self._finals(best[0]), reason))
            else:
                self._run.leave("FAILED", "no usable trial", {})

    def close(self) -> None:
        """Close the study in the middle of its search: what runs waits for the next session."""
        interrupted = [trial for tune_id in self._jobs if (trial := self._trial(tune_id))]
        self._search.receive([Outcome(trial.number, trial.attempt, "PRUNED", 0, {}, 0.0) for trial in interrupted])
        self._jobs.clear()
        with suppress(NasError), self._closing:
            self._record()
            self._search.show()
            self._run.leave("STOPPED", "stop", {})

    def _follow(self, tune_id: str, number: int, job: int) -> None:
        self._numbers[tune_id], self._jobs[tune_id] = number, job
        curve = self._search.history[number].curve
        if curve:
            self._last.setdefault(number, curve[-1])

    def _trial(self, tune_id: str) -> Trial | None:
        """Return the trial if it runs."""
        number = self._numbers.get(tune_id)
        trial = None if number is None else self._search.history[number]
        return trial if trial is not None and trial.state is TrialState.RUNNING and tune_id in self._jobs else None

    def _leave(self, tune_id: str) -> None:
        self._jobs.pop(tune_id, None)
        for numbers in (self._executor.stops, self._executor.ended):
            numbers.discard(self._numbers.get(tune_id, -1))
        self._record()

    def _finals(self, best: Trial) -> FinalResult:
        """Return what a final stage has left, if the study has been through one before."""
        artifacts = self._run.storage.artifacts(self._run.record.id)
        return FinalResult(best, retrainings(artifacts, best.number))

    def _record(self) -> None:
        self._search.unit_of_work.flush(seconds=self._search.stopping.seconds)
