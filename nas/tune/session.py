"""One run of a study by Tune: it holds the lease, and each of Tune's calls takes the search one step further."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from nas.artifacts.final_result import KIND, Finals
from nas.config import StudyConfig
from nas.controller.controller import require_same_samples
from nas.controller.lease_heartbeat import Keeper
from nas.controller.prepare import prepare
from nas.controller.provenance import environment
from nas.controller.run import Run
from nas.objectives import ranked
from nas.run_settings import RunSettings
from nas.storage import Storage
from nas.study import on_record, require_same
from nas.study_file.load import as_begun, from_json, to_json
from nas.trials import Point, Trial, TrialState
from nas.tune.executor import Handover
from search_spaces.errors import NasError
from workers import file_store
from workers.messages import Checkpoint, EpochMetrics, JobLost, Outcome

_RENEWAL = 1.0
"""Seconds between two renewals of the lease, which outlives the last by many: Tune's loop stops now and then."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of a trial that Tune has ended, beside its reports."""

    keep: Callable[[str], Checkpoint | None]
    """Puts its weights into a folder of ours, if Tune has any that are ours."""
    engine: str
    note: str
    """What the record should say of one that ended well all the same."""


class Session:
    """Knows trials by Tune's ids. Whatever it is told is on record when it returns."""

    def __init__(self, run: Run, handover: Handover, closing: ExitStack) -> None:
        self._run, self._search, self._handover, self._closing = run, run.search, handover, closing
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
            handover = Handover()
            if known := on_record(config):
                require_same(known, config)
                config = as_begun(config, from_json(known.config))
            prepared = prepare(config, stack, lambda _: handover)
            storage = stack.enter_context(Storage.open(config.storage))
            record = storage.find(config.name)
            if record is None:
                record = storage.create(config.name, to_json(prepared.config), prepared.task, environment())
            require_same(record, config)
            require_same_samples(record, prepared.task)
            lease = storage.acquire(record.id)
            stack.callback(_quietly(lambda: storage.release(lease)))
            run = Run(storage, record, prepared, Keeper(storage, lease), RunSettings())
            run.enter()
            return cls(run, handover, stack.pop_all())

    @property
    def idle(self) -> bool:
        """Tell whether Tune has no trial of ours to bring to an end."""
        return not self._jobs

    def follows(self, tune_id: str) -> bool:
        """Tell whether the scheduler has told of a trial."""
        return tune_id in self._joined

    def turn(self) -> None:
        """Hold the lease, heed what ends the search early, show what has changed; Tune's loop calls it all the time."""
        if self._run.settings.clock() - self._renewed_at >= _RENEWAL:
            self._run.keeper.renew()
            self._renewed_at = self._run.settings.clock()
        self._search.hear_the_user()
        if self._search.showing.due:
            self._search.show()

    def suggest(self, tune_id: str) -> Trial | None:
        """Begin one more trial under this id and return it; None if there is none to begin now."""
        self.turn()
        self._handover.capacity = len(self._jobs) + 1
        self._search.dispatch()
        self._record()
        job = self._handover.take()
        if job is None:
            return None
        number = job.assignments[0].number
        self._follow(tune_id, number, job.id)
        return self._search.history[number]

    def join(self, tune_id: str, number: int) -> bool:
        """Take note that Tune has queued a trial, perhaps again; return False where it is over on record.

        Tune knows of a trial what it last wrote down: it may have ended since.
        """
        self._joined.add(tune_id)
        if tune_id in self._jobs:
            return True
        trial = self._search.history[number]
        if trial.state is not TrialState.WAITING:
            return tune_id in self._numbers
        self._search.start([trial])
        job = self._handover.take()
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
        return point.epoch >= self._epochs or trial.number in self._handover.stops | self._handover.ended

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
            elif trial.number in self._handover.stops:
                outcome = replace(outcome, state="PRUNED")
            elif trial.number in self._handover.ended:
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
        """Say how the search has ended, once nothing runs any more, and let the study go."""
        with self._closing:
            reason = self._search.conclude()
            self._run.heed_trouble()
            best = ranked(list(self._search.history), self._run.config.objectives)
            if reason in ("", "stop"):
                self._run.leave("STOPPED", "stop", {})
            elif best:
                self._run.leave("FINISHED", reason, self._run.result(self._finals(best[0]), reason))
            else:
                self._run.leave("FAILED", "no usable trial", {})

    def close(self) -> None:
        """Let the study go in the middle: what runs waits for the next session."""
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
        for told in (self._handover.stops, self._handover.ended):
            told.discard(self._numbers.get(tune_id, -1))
        self._record()

    def _finals(self, best: Trial) -> Finals:
        """Return what a final stage has left, if the study has been through one before."""
        artifacts = self._run.storage.artifacts(self._run.record.id)
        return Finals(best, [item for item in artifacts if item.kind == KIND and item.number == best.number])

    def _record(self) -> None:
        self._search.ledger.flush(seconds=self._search.stopping.seconds)


def _quietly(release: Callable[[], None]) -> Callable[[], None]:
    def released() -> None:
        with suppress(NasError):  # it expires by itself
            release()

    return released
