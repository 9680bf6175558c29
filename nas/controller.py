"""The one process that runs a study: it takes the lease, puts the parts together, searches, and hands out the best."""

import math
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count

from nas import executors
from nas.account import Account, TimedSampler
from nas.admission import Admission
from nas.cohort_size import CohortSize
from nas.completion import completed
from nas.config import StudyConfig
from nas.dashboard import Projection
from nas.deciders import Deciders, deciders
from nas.environment import environment
from nas.epoch_cost import EpochCost
from nas.errors import NoUsableTrial, StorageError, StudyBusy, StudyExists
from nas.executors.protocol import Executor
from nas.fidelity import fitted
from nas.files_on_record import artifacts_here, is_lost, owed_formats, trials_here
from nas.final import FinalStage
from nas.final_jobs import Trainings
from nas.final_record import FinalRecord
from nas.final_result import Finals
from nas.forking import FORKED, NOTHING, Inheritance, inherited, with_own_files
from nas.happenings import Noticed, StudyEnded, StudyStarted, Watcher
from nas.history import History
from nas.keeper import Keeper
from nas.ledger import Ledger
from nas.loop import Search
from nas.objectives import ranked
from nas.proposals import Proposals
from nas.pruners.asha import usual_first_rung
from nas.relocation import recalled, with_full_paths
from nas.replay import shown_again
from nas.reserve import exporting, reserved
from nas.run_folder import mark, own_folder, with_own_folder
from nas.sharing import require_writable, unshared
from nas.shelf import Shelf, sweep_retrainings
from nas.showing import Showing
from nas.stopping import Stopping
from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.storage.records import Json, StudyState
from nas.study_file import as_begun, from_json, to_json
from nas.survey import surveyed, timed
from nas.trials import Trial
from search_spaces.candidate import Named
from search_spaces.errors import NasError
from search_spaces.quantities import counted
from workers.messages import TaskInfo

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A definition filled in from its task, the executor that looked at the task, and who decides."""

    config: StudyConfig
    task: TaskInfo
    executor: Executor
    deciders: Deciders
    cost: EpochCost
    """What epochs of its candidates take, as far as that was timed."""


def prepare(config: StudyConfig, stack: ExitStack, start: Callable[[Named], Executor] = executors.start) -> Prepared:
    """Start the executor, which ends with the stack, look at the task, make who decides; nothing is written.

    Raises:
        TaskError, SpecError: the task cannot be used or lacks a metric that is asked for, no candidate of the space can
            be trained, the sampler cannot search it, or nothing can be written to the folder for artifacts.
    """
    config = with_full_paths(config)
    require_writable(config)
    executor = stack.enter_context(closing(start(config.executor)))
    task = executor.describe(config.task)
    whole = completed(config, task)
    survey = surveyed(whole, task)
    if whole.budget.seconds:
        survey = timed(survey, whole, executor)
    budget = fitted(whole, task, survey.trainable, survey.epoch_seconds, executor.capacity)
    whole = replace(whole, budget=budget)
    return Prepared(whole, task, executor, deciders(whole), survey.cost)


@dataclass(frozen=True, slots=True)
class Controller:
    """Runs one study in one storage; `interrupted` says whether the user wants it to drain and stop."""

    storage: Storage
    watch: Watcher
    interrupted: Callable[[], bool] = bool
    began: float | None = None
    """By the clock, when the command began, from which the budget's time counts; None is when the study is run."""
    clock: Clock = time.monotonic
    start: Callable[[Named], Executor] = executors.start
    """How executors are started; benchmarks and tests hand in their own."""
    pause: float = 0.03
    """Seconds between two transactions of a busy search."""

    def begin(self, config: StudyConfig) -> StudyRecord:
        """Create the study and run it to its end.

        Raises:
            StudyExists: there is a study of that name.
            TaskError, SpecError: as `prepare`.
        """
        with ExitStack() as stack:
            return self.begin_prepared(prepare(config, stack, self.start))

    def begin_prepared(self, prepared: Prepared, inheritance: Inheritance = NOTHING) -> StudyRecord:
        """Create the study and run it to its end; raise StudyExists if there is one of that name."""
        config = prepared.config
        record = self.storage.create(
            config.name,
            to_json(config),
            prepared.task,
            environment(),
            trials=inheritance.trials,
            events=[(FORKED, inheritance.origin)] if inheritance.origin else [],
        )
        with ExitStack() as stack:
            return self._conduct(record, prepared, stack, self._lease(record, stack))

    def fork(self, record: StudyRecord, config: StudyConfig) -> StudyRecord:
        """Create a study that begins with what of another holds under its definition, and run it to its end.

        Nothing of the other study is written, and it may be running.

        Raises:
            StudyExists: there is a study of that name.
            TaskError, SpecError: as `prepare`.
        """
        with ExitStack() as stack:
            prepared = prepare(as_begun(config, from_json(record.config)), stack, self.start)
            prepared = replace(prepared, config=with_own_folder(prepared.config, self.storage))
            config = prepared.config
            theirs = trials_here(
                self.storage.trials(record.id), own_folder(recalled(record, self.storage.database.where))
            )
            found = inherited(record, theirs, config, prepared.task)
            found = with_own_files(found, f"{own_folder(config)}/checkpoints")
            self.watch(Noticed(found.told))
            return self.begin_prepared(prepared, found)

    def resume(self, record: StudyRecord, config: StudyConfig | None = None) -> StudyRecord:
        """Go on with a study where it stands, with a changed definition if one is given.

        Raises:
            StudyBusy: another controller runs it.
            StudyExists: the samples of its task are no longer those it began with.
        """
        known = recalled(record, self.storage.database.where)
        config = as_begun(config or known, known)
        with ExitStack() as stack:
            lease = self._lease(record, stack)
            prepared = prepare(config, stack, self.start)
            require_same_samples(record, prepared.task)
            return self._conduct(record, prepared, stack, lease)

    def _lease(self, record: StudyRecord, stack: ExitStack) -> Lease:
        try:
            lease = self.storage.acquire(record.id)
        except StudyBusy as error:
            advice = f"see how it stands with: nas show {record.name}; stop it with: nas stop {record.name}"
            raise StudyBusy(f"study {record.name!r} is running: {error}; {advice}") from error
        stack.callback(self._let_go, lease)
        return lease

    def _let_go(self, lease: Lease) -> None:
        with suppress(StorageError):  # it expires by itself; what is to be told of a lost storage is told already
            self.storage.release(lease)

    def _conduct(self, record: StudyRecord, prepared: Prepared, stack: ExitStack, lease: Lease) -> StudyRecord:
        keeper = Keeper(self.storage, lease)
        stack.enter_context(closing(keeper)).start()
        run = Run(self, record, prepared, lease, keeper)
        state, reason = run.whole()
        self.watch(StudyEnded(state, reason))
        return self.storage.study(record.name)


def require_same_samples(record: StudyRecord, task: TaskInfo) -> None:
    """Raise StudyExists unless a task has the samples that a study began with."""
    if task.sha256 != record.task.sha256:
        raise StudyExists(
            f"study {record.name!r}: the samples of task {task.name!r} have changed since it began; "
            "give the new search another name"
        )


class Run:
    """One run of a study by one controller: search, final stage, export."""

    def __init__(
        self,
        controller: Controller,
        record: StudyRecord,
        prepared: Prepared,
        lease: Lease,
        keeper: Keeper,
    ) -> None:
        config, executor = with_own_folder(prepared.config, controller.storage, record), prepared.executor
        self.storage, self.watch, self.clock = controller.storage, controller.watch, controller.clock
        self.interrupted = controller.interrupted
        self.record = replace(record, config=to_json(config))  # places may have moved since it was written
        self.config, self.executor, self.lease, self.keeper = config, executor, lease, keeper
        self.task = prepared.task
        self.folder = own_folder(config)
        self.account = Account(self.clock)
        self.ledger = Ledger(self.storage, lease, self.account, controller.pause, self.folder)
        self.stopping = Stopping(config.budget, config.objectives, self.clock, record.seconds, controller.began)
        self.jobs = count()
        self.projection = Projection(self.storage, record, config.space, config.objectives)
        self.search = self._search(record.task, prepared)

    def enter(self) -> None:
        """Say that the study runs, and go on from what is on record."""
        mark(self.folder, self.storage, self.record)
        trials = trials_here(self.storage.trials(self.record.id, curves="resume"), self.folder)
        self.storage.save(self.lease, state="RUNNING", config=to_json(self.config))
        self._announce(trials)
        values = partial(self.storage.values, self.record.id, self.config.pruning.metric)
        self.search.restore(trials, shown_again(trials, self.search.pruner, values))

    def whole(self) -> tuple[StudyState, str]:
        """Search, retrain, export; return the study's state and the reason it ended."""
        self.enter()
        self.account.seconds["start"] = self.stopping.seconds - self.record.seconds
        reason = self.account.timed("search", self.search.run)()
        if reason == "stop":
            return self.leave("STOPPED", reason, {})
        best = ranked(list(self.search.history), self.config.objectives)
        if not best:
            self.leave("FAILED", "no usable trial", {})
            raise NoUsableTrial(_why_unusable(self.config.name, list(self.search.history)))
        try:
            finals = self.account.timed("final", self._finals)(best)
        except NoUsableTrial:
            self.leave("FAILED", "diverged", {})
            raise
        if self._stopping_now():
            return self.leave("STOPPED", "stop", {})
        ensemble = self._ensemble(finals)
        failures = self.account.timed("export", self._export)(finals.best, finals.retrained)
        result = {**self.result(finals, reason), **ensemble}
        if failures:
            self.leave("STOPPED", "export", result)
            owed = ", ".join(self._owed(finals.best))
            self.watch(
                Noticed(f"the export ({owed}) is owed; mend what hinders it, then: nas resume {self.config.name}")
            )
            raise failures[0]  # what is owed is made by a resume
        if self._owed(finals.best):
            return self.leave("STOPPED", "stop", result)
        return self.leave("FINISHED", reason, result)

    def _search(self, task: TaskInfo, prepared: Prepared) -> Search:
        config, budget = self.config, self.config.budget
        sampler = TimedSampler(prepared.deciders.sampler, self.account)
        proposals = Proposals(config, task, sampler)
        rung = usual_first_rung(budget.epochs)
        return Search(
            config=config,
            admission=Admission(proposals, self.stopping, budget.epochs, rung, prepared.cost),
            sampler=sampler,
            pruner=prepared.deciders.pruner,
            executor=self.executor,
            ledger=self.ledger,
            keeper=self.keeper,
            stopping=self.stopping,
            reserve=lambda trials: reserved(config, task, trials, self.executor.capacity),
            history=History(config.objectives),
            shelf=Shelf(config.artifacts.keep, config.objectives),
            cohort=CohortSize(config.budget.trials, lambda: self.executor.capacity, self.executor.cohort),
            watch=self.watch,
            showing=Showing(self._projector(), self.clock),
            folder=f"{self.folder}/checkpoints",
            clock=self.clock,
            interrupted=self.interrupted,
            jobs=self.jobs,
        )

    def _projector(self) -> Callable[[Sequence[Trial]], None]:
        """Write to the dashboard's tables, which are a courtesy: no trouble there may end a search."""
        return self.account.timed("dashboard", self.projection.update)

    def _announce(self, trials: Sequence[Trial]) -> None:
        finished = sum(trial.state.finished for trial in trials)
        self.watch(StudyStarted(self.config, self.record.task, finished, bool(trials), trials))
        if text := unshared(self.config):
            self.watch(Noticed(text))

    def _stopping_now(self) -> bool:
        return self.interrupted() or self.keeper.requested == "stop"

    def _finals(self, best: Sequence[Trial]) -> Finals:
        record = FinalRecord(self.ledger, self.watch)
        done = self._files()
        record.restore(done, self.storage.events(self.record.id))
        trainings = Trainings(
            study=self.config.name,
            task=self.config.task,
            epoch_samples=self.config.epoch_samples,
            folder=self.folder,
            executor=self.executor,
            ledger=self.ledger,
            watch=self.watch,
            interrupted=self._stopping_now,
            left=self._left,
            seconds=lambda: self.stopping.seconds,
            jobs=self.jobs,
        )
        finals = FinalStage(self.config, self.task, self._metric, trainings, record).run(best)
        self._forget_exports({item.number for item in finals.retrained if item not in done}, done)
        return finals

    def _files(self) -> list[Artifact]:
        """Return the files on record that are as they were written; the record forgets the others, to be made again."""
        known = self.storage.artifacts(self.record.id)
        pairs = list(zip(known, artifacts_here(known, self.folder), strict=True))
        lost = [then for then, now in pairs if is_lost(now)]
        for artifact in lost:
            self.ledger.event("artifact.lost", artifact=artifact.kind, path=artifact.path)
            self.ledger.drop(artifact)
        self.ledger.flush(seconds=self.stopping.seconds)
        kept = [now for then, now in pairs if then not in lost]
        sweep_retrainings(self.folder, kept)
        return kept

    def _forget_exports(self, retrained: Collection[int], known: Sequence[Artifact]) -> None:
        """Have the exports of these trials made again, as their weights are others now."""
        for item in known:
            if item.kind.startswith("export.") and item.number in retrained:
                self.ledger.drop(item)
        self.ledger.flush(seconds=self.stopping.seconds)

    def _owed(self, best: Trial) -> tuple[str, ...]:
        here = artifacts_here(self.storage.artifacts(self.record.id), self.folder)
        return owed_formats(self.config, best.number, here)

    def _left(self) -> float:
        """Return the seconds that the final stage still has."""
        if not self.config.budget.seconds:
            return math.inf
        return self.config.budget.seconds - self.stopping.seconds - exporting(self.config)

    @property
    def _metric(self) -> str:
        """What the study is summed up in: its first objective, or what the task is usually measured by."""
        first = self.config.objectives[0].metric
        return first if first in self.task.metrics else self.task.metrics[0]

    def result(self, finals: Finals, reason: str) -> dict[str, Json]:
        """Sum up the study."""
        test = finals.test(self._metric)
        return {
            "reason": reason,
            "wall": round(self.stopping.seconds, 3),
            "time": {part: round(seconds, 3) for part, seconds in self.account.seconds.items()},
            "best": finals.best.number,
            "test": asdict(test) if test else None,
            "compared": [asdict(item) for item in finals.compared],
            "failed_retrainings": finals.failed,
            "weights": "retrained" if finals.retrained else "search",
            "baselines": {name: dict(metrics) for name, metrics in finals.baselines.items()},
            "warnings": list(finals.warnings),
        }

    def _ensemble(self, finals: Finals) -> dict[str, Json]:
        """Score the average of the retrainings, if it was asked for; say why where there is none."""
        from nas.export import score_ensemble

        if not self.config.final.ensemble:
            return {}
        try:
            metrics = score_ensemble(self.record, finals.best, finals.retrained)
        except NasError as error:
            self.ledger.event("ensemble.failed", reason=str(error))
            self.watch(Noticed(f"no ensemble: {error}"))
            return {"ensemble": None}
        return {"ensemble": {"seeds": len(finals.retrained), "metrics": dict(metrics)}}

    def _export(self, best: Trial, retrained: Sequence[Artifact]) -> list[NasError]:
        """Write the best network in every format owed; what one fails with keeps no other from its turn."""
        from nas.export import export_best

        failures: list[NasError] = []
        for format in self._owed(best):
            if self._stopping_now():
                break
            try:
                artifacts = export_best(self.record, best, retrained, format, f"{self.folder}/best", self.config.final)
            except NasError as error:
                failures.append(error)
                self.ledger.event("export.failed", format=format, reason=str(error))
            else:
                for artifact in artifacts:
                    self.ledger.artifact(artifact)
        self.ledger.flush(seconds=self.stopping.seconds)
        return failures

    def leave(self, state: StudyState, reason: str, result: dict[str, Json]) -> tuple[StudyState, str]:
        """Record the state that the study is left in, and return it with the reason."""
        self.storage.save(self.lease, state=state, result=result or None, seconds=self.stopping.seconds)
        self.projection.sum_up(self.storage.study(self.config.name), self.storage.artifacts(self.record.id))
        return state, reason


def _why_unusable(name: str, trials: Sequence[Trial]) -> str:
    reasons = sorted({trial.reason or trial.state.value for trial in trials})
    ended = f"{counted(len(trials), 'trial')} ended so: {', '.join(reasons)}" if trials else "none began"
    return f"study {name!r} has no usable trial; {ended}"
