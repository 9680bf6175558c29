"""Search loop: ask, dispatch, report, prune, tell, record."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from nas.artifacts.retention import RetentionPolicy, remove_orphans
from nas.config import StudyConfig
from nas.controller.budget.admission import Admission
from nas.controller.budget.stopping_criterion import StoppingCriterion
from nas.controller.cohort_size import CohortSize
from nas.controller.history import History
from nas.controller.outcomes import interrupted_trial, trial_from_outcome
from nas.controller.running_trials import Running, RunningTrials, assignment, begun
from nas.controller.shutdown import Shutdown
from nas.controller.unit_of_work import UnitOfWork
from nas.dashboard.throttle import ThrottledProjection
from nas.events import EpochsDone, Happening, Noticed, TrialFinished
from nas.executors.protocol import Executor
from nas.policies.protocol import Continue, Decision, Policy, Start, Verdict
from nas.policies.replay import Values
from nas.samplers.protocol import SpaceExhausted
from nas.trials import Point, Trial, TrialState, finish, over, with_curve
from search_spaces.plain_text import listed
from workers.messages import Blame, Checkpoint, EpochMetrics, Event, Job, JobLost, Outcome, Saved

LOSSES: Mapping[Blame, int] = {"job": 3, "machine": 30}
"""Lost so many times in one run of the study, a trial FAILs; nodes may come and go many times, but not for ever."""
_TURN = 0.5
"""Seconds that one turn of the loop waits for news at most."""


@dataclass(slots=True)
class SearchLoop:
    """Runs one study from where its history stands until it has had enough. Owns nothing: all parts are handed in."""

    config: StudyConfig
    admission: Admission
    policy: Policy
    executor: Executor
    running: RunningTrials
    unit_of_work: UnitOfWork
    shutdown: Shutdown
    stopping: StoppingCriterion
    history: History
    retention: RetentionPolicy
    cohort: CohortSize
    watch: Callable[[Happening], None]
    dashboard: ThrottledProjection
    folder: str
    jobs: "count[int]" = field(default_factory=count)
    _losses: Counter[tuple[int, Blame]] = field(default_factory=Counter)

    def run(self) -> str:
        """Search until the budget is spent or the study is stopped; return the reason.

        Raises:
            LeaseLost: another controller has taken the study over; nothing more was written.
            StorageError: the storage went away; the study can be resumed once it is back.
        """
        while True:
            self.check_interrupts()
            proposed = self.dispatch()
            if self.running:
                self._poll(0.0 if proposed else _TURN)
            elif not proposed:
                return self.conclude()
            self.unit_of_work.flush_when_due(seconds=self.stopping.seconds)
            if self.dashboard.due:
                self.show()

    def conclude(self) -> str:
        """End what waits when a target or the time, not the user, ended the study; return why the search is over."""
        while self.stopping.interrupts and not self.shutdown.draining and self.history.waiting:
            trial = self.history.take(self.history.waiting[0])
            self._end_unfinished(trial, trial.curve, self.stopping.reason)
        self.unit_of_work.flush(seconds=self.stopping.seconds)
        self.show()
        return "stop" if self.shutdown.draining else self.stopping.reason

    def restore(self, trials: Sequence[Trial], shown: Values) -> None:
        """Take over the history of earlier runs; what was RUNNING then waits again.

        Of finished trials the pruner is shown these values, of all others their curves.
        """
        for trial in sorted(trials, key=finish):
            self._restore(trial)
        remove_orphans(self.folder, trials)
        values = {trial.number: shown.get(trial.number) or self._values(trial) for trial in trials}
        self.policy.restore(trials, values)
        for trial in list(self.history):
            if trial.state is TrialState.WAITING and trial.reason == "pruned":
                self._give_up(trial, TrialState.PRUNED, "pruned")  # a crash came before the stop took effect

    def _restore(self, trial: Trial) -> None:
        if trial.state is TrialState.RUNNING:
            trial = with_curve(replace(trial, state=TrialState.WAITING), trial.curve)
            self._note(trial)
        elif trial.state is TrialState.WAITING:
            trial = replace(trial, values=())  # it goes on: no result any more
        best = self.history.put(trial)
        self.stopping.restored(trial, best=best)
        self.admission.proposals.remember(trial)
        if trial.state is TrialState.COMPLETE and trial.checkpoint:
            self._retain(trial)

    # ---- out: what shall be trained next

    def dispatch(self) -> int:
        """Keep every worker busy; return how many trials were proposed meanwhile."""
        before = len(self.history)
        while not self.shutdown.draining and self.running.jobs < self.executor.capacity + self._ahead:
            batch = self._next(self.cohort.size)
            if not batch:
                break
            self.start(batch)
        return len(self.history) - before

    @property
    def _ahead(self) -> int:
        """Jobs that wait in the executor, so that a worker of cheap candidates never waits for the sampler."""
        return 1 if self.cohort.size > 1 else 0

    def _next(self, size: int) -> list[Trial]:
        """Collect up to `size` trials for one job. One that was begun before goes alone: it may be why it was lost."""
        batch: list[Trial] = []
        while len(batch) < size and not self.stopping.interrupts:
            match self._decision():
                case Continue(number=number) if self.history[number].attempt:
                    return batch or [self.history.take(number)]
                case Continue(number=number):
                    batch.append(self.history.take(number))
                case Start() as start if self._create(self.admission.admit(self.history.next_number, start)):
                    if self._ahead:
                        self._poll(0.0)  # a proposal may take longer than the epochs of cheap candidates
                case _:
                    break
        return batch

    def _decision(self) -> Decision | None:
        """Return what the policy wants trained next, one at a time: it may learn something in between."""
        waiting = self.history.waiting[:1]
        numbers = [self.history.next_number] if not waiting and self.admission.open else []
        try:
            return next(iter(self.policy.next(waiting, numbers)), None)
        except SpaceExhausted:
            self.stopping.exhausted = True
            return None

    def _create(self, trial: Trial) -> bool:
        """Take a new trial in; return whether it needs training."""
        self.stopping.created(trial)
        self.history.put(trial)
        if trial.state.finished:
            self._end(trial)
        else:
            self._note(trial)
        return not trial.state.finished

    def start(self, batch: Sequence[Trial]) -> None:
        """Submit waiting trials to the executor as one job."""
        starting = [self._begin(trial) for trial in batch]
        job = Job(
            id=next(self.jobs),
            study=self.config.name,
            task=self.config.task,
            assignments=tuple(assignment(trial) for trial in starting),
            epochs=self.config.budget.epochs,
            seed=self.config.seed,
            folder=self.folder,
            checkpoint_seconds=self.config.checkpoint_seconds,
            epoch_samples=self.config.epoch_samples,
        )
        self.running.begin(job.id, starting)
        self.unit_of_work.flush(seconds=self.stopping.seconds)  # RUNNING is on record before a worker receives it
        self.executor.submit(job)

    def _begin(self, trial: Trial) -> Trial:
        trial = begun(trial)
        self.history.put(trial)
        self._note(trial)
        return trial

    # ---- in: what the workers report

    def _poll(self, timeout: float) -> None:
        """Receive what the workers have sent, if any of them is at work."""
        if self.running:
            self.receive(self.executor.poll(timeout))

    def receive(self, events: Sequence[Event | JobLost]) -> None:
        """Handle events of workers, and have the executor stop the trials that the pruner stops."""
        epochs, stops = 0, set[int]()
        for event in events:
            match event:
                case EpochMetrics():
                    epochs += 1
                    stops |= self._report(event)
                case Saved():
                    self._saved(event)
                case Outcome():
                    self._outcome(event)
                case JobLost():
                    self._lost(event)
        if stops:
            self.executor.stop(stops)
        if epochs:
            self.watch(EpochsDone(epochs, len(self.running), self.running.reached))

    def _report(self, event: EpochMetrics) -> set[int]:
        """Take one epoch of one trial; return its number if it shall stop."""
        running = self.running.find(event)
        if running is None or event.epoch <= len(running.curve):
            return set()  # an epoch trained again after a crash is on record already
        point = Point(event.epoch, event.metrics, event.seconds)
        running.curve.append(point)
        self.dashboard.note(running.trial)
        self.unit_of_work.point(event.number, point)
        self.stopping.trained(event.number)
        self.cohort.observe(event.seconds)
        if event.epoch == 1:
            self.admission.cost.observe(running.trial, event.seconds)
        verdict = self.policy.report(event.number, event.epoch, self._pruning_value(point))
        if verdict is not Verdict.STOP or running.stop_reason or event.epoch == self.config.budget.epochs:
            return set()
        running.stop_reason = "pruned"
        running.trial = replace(running.trial, reason="pruned")  # on record: a crash must not undo the decision
        self._note(running.trial)
        return {event.number}

    def _saved(self, event: Saved) -> None:
        running = self.running.find(event)
        if running is not None:
            self._replace_checkpoint(running.trial, event.checkpoint)
            running.trial = replace(running.trial, checkpoint=event.checkpoint)
            self._note(running.trial)

    def _outcome(self, event: Outcome) -> None:
        running = self.running.find(event)
        if running is None:
            return
        unjudged = event.state == "ENDED" or (event.state == "PRUNED" and not event.reason)
        if unjudged and running.stop_reason in ("", "stop"):
            self._interrupt(running, event)
        else:
            self._replace_checkpoint(running.trial, event.checkpoint)
            self._end(trial_from_outcome(self.config, running.trial, running.curve, event, running.stop_reason))
        self.running.release(running)

    def _lost(self, event: JobLost) -> None:
        lost = self.running.lose(event.job)
        self.unit_of_work.event(
            "job.lost", job=event.job, reason=event.reason, trials=[item.trial.number for item in lost]
        )
        self.watch(Noticed(f"{event.reason}; {_back([item.trial.number for item in lost])} to waiting"))
        for running in lost:
            self._losses[running.trial.number, event.blame] += 1
            if running.stop_reason == "pruned":
                self._give_up(running.shown, TrialState.PRUNED, "pruned")
            elif running.stop_reason not in ("", "stop"):
                self._end_unfinished(running.trial, running.curve, running.stop_reason)
            elif self._losses[running.trial.number, event.blame] >= LOSSES[event.blame]:
                self._give_up(running.shown, TrialState.FAIL, "lost")
            else:
                self._requeue(running)
            self.running.release(running)

    def _requeue(self, running: Running) -> None:
        self._wait(replace(running.shown, state=TrialState.WAITING))

    def _interrupt(self, running: Running, event: Outcome) -> None:
        """Put an interrupted trial back to WAITING; what it has measured counts until it goes on."""
        if event.checkpoint is not None:
            self._replace_checkpoint(running.trial, event.checkpoint)
        self._wait(interrupted_trial(self.config, running.trial, running.curve, event))

    def _wait(self, waiting: Trial) -> None:
        self.history.put(waiting)
        self._note(waiting)

    def _end(self, trial: Trial) -> None:
        """Record a finished trial, and report it to policy and budget."""
        best = self.history.put(trial)
        self.admission.proposals.remember(trial)
        self.stopping.finished(trial, best=best)
        self.policy.finish([trial])
        self._note(trial)
        if trial.state is TrialState.COMPLETE and trial.checkpoint:
            self._retain(trial)
        self.watch(TrialFinished(trial, best))

    def _give_up(self, trial: Trial, state: TrialState, reason: str) -> None:
        """End a trial that no worker has brought to its end."""
        self.unit_of_work.delete_after_commit(trial.checkpoint)
        self._end(over(trial, state, reason))

    def _end_unfinished(self, trial: Trial, curve: Sequence[Point], reason: str) -> None:
        """End a trial that no worker has any more when the study ends: what it has measured is its result."""
        kept = trial.checkpoint if trial.checkpoint and trial.checkpoint.epoch == len(curve) else None
        self._replace_checkpoint(trial, kept)
        outcome = Outcome(trial.number, trial.attempt, "ENDED", len(curve), {}, trial.seconds, checkpoint=kept)
        self._end(trial_from_outcome(self.config, trial, curve, outcome, reason))

    def _replace_checkpoint(self, trial: Trial, checkpoint: Checkpoint | None) -> None:
        """Replace a trial's last checkpoint by a newer one, or by none."""
        if trial.checkpoint and (checkpoint is None or checkpoint.path != trial.checkpoint.path):
            self.unit_of_work.delete_after_commit(trial.checkpoint)

    def _retain(self, trial: Trial) -> None:
        for leaving in self.retention.put(trial):
            self.unit_of_work.drop_checkpoint(leaving)

    # ---- bookkeeping

    def check_interrupts(self) -> None:
        """Check for reasons to end the search early; after the drain deadline, requeue what still runs."""
        self.shutdown.check_interrupts(self.history.best)
        for running in self.shutdown.overdue():
            self._requeue(running)
            self.running.release(running)

    def _pruning_value(self, point: Point) -> float:
        return point.metrics.get(self.config.pruning.metric, float("nan"))

    def _values(self, trial: Trial) -> Sequence[tuple[int, float]]:
        return [] if trial.state.finished else [(point.epoch, self._pruning_value(point)) for point in trial.curve]

    def _note(self, trial: Trial) -> None:
        self.dashboard.note(trial)
        self.unit_of_work.trial(trial)

    def show(self) -> None:
        """Show what has changed, as it is by now."""
        self.dashboard.show(self.running.shown)


def _back(numbers: Sequence[int]) -> str:
    return f"trial {numbers[0]} goes back" if len(numbers) == 1 else f"trials {listed(numbers)} go back"
