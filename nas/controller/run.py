"""One run of a study by one controller: search, final stage, export."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import count

from nas.artifacts.final_result import FinalResult
from nas.artifacts.folder_checks import not_shared_warning
from nas.artifacts.recorded_files import trials_here
from nas.artifacts.retention import RetentionPolicy
from nas.artifacts.study_folder import mark, own_folder, with_own_folder
from nas.controller.budget.admission import Admission
from nas.controller.budget.stopping_criterion import StoppingCriterion
from nas.controller.cohort_size import CohortSize
from nas.controller.export_stage import Exports
from nas.controller.final_stage.jobs import Trainings
from nas.controller.final_stage.record import FinalRecord
from nas.controller.final_stage.reserve import exporting, reserved
from nas.controller.final_stage.stage import FinalStage
from nas.controller.history import History
from nas.controller.lease_heartbeat import LeaseHeartbeat
from nas.controller.loop import SearchLoop
from nas.controller.prepare import Prepared
from nas.controller.proposals import Proposals
from nas.controller.run_settings import RunSettings
from nas.controller.running_trials import RunningTrials
from nas.controller.shutdown import Shutdown
from nas.controller.timings import Stopwatch, TimedPolicy
from nas.controller.unit_of_work import UnitOfWork
from nas.dashboard.projection import Projection
from nas.dashboard.throttle import ThrottledProjection
from nas.errors import NoUsableTrial
from nas.events import Noticed, StudyStarted
from nas.objectives import ranked
from nas.pruners.asha import usual_first_rung
from nas.reasons import trial_ended
from nas.storage import Storage, StudyRecord
from nas.storage.records import Json, StudyState
from nas.study_file.load import to_json
from nas.trials import Trial
from search_spaces.documents.quantities import counted
from search_spaces.errors import SpecError
from workers.messages import TaskInfo


class Run:
    """One run of a study by one controller: search, final stage, export."""

    def __init__(
        self,
        storage: Storage,
        record: StudyRecord,
        prepared: Prepared,
        heartbeat: LeaseHeartbeat,
        settings: RunSettings,
    ) -> None:
        """Put the parts together; `heartbeat` keeps the study's lease."""
        config, executor, lease = with_own_folder(prepared.config, storage, record), prepared.executor, heartbeat.lease
        self.storage, self.settings = storage, settings
        self.record = replace(record, config=to_json(config))  # places may have moved since it was written
        self.config, self.executor, self.lease, self.heartbeat = config, executor, lease, heartbeat
        self.task, self.policy = prepared.task, prepared.policy
        self.folder = own_folder(config)
        self.stopwatch = Stopwatch(settings.clock)
        self.unit_of_work = UnitOfWork(self.storage, lease, self.stopwatch, settings.pause, self.folder)
        self.stopping = StoppingCriterion(
            config.budget, config.objectives, settings.clock, record.seconds, settings.began
        )
        self.jobs = count()
        self.exports = Exports(
            self.storage,
            self.record,
            config,
            self.unit_of_work,
            self.settings.watch,
            self.folder,
            self._stopping_now,
            lambda: self.stopping.seconds,
        )
        self.projection = Projection(self.storage, record, config.space, config.objectives)
        self.search = self._search(record.task, prepared)

    def enter(self) -> None:
        """Record that the study runs, and restore its history."""
        mark(self.folder, self.storage, self.record)
        trials = trials_here(self.storage.trials(self.record.id, curves="resume"), self.folder)
        self.storage.save(self.lease, state="RUNNING", config=to_json(self.config))
        self._announce(trials)
        values = partial(self.storage.values, self.record.id, self.config.pruning.metric)
        self.search.restore(trials, self.policy.values_to_replay(trials, values))

    def run_to_end(self) -> tuple[StudyState, str]:
        """Search, retrain, export; return the study's state and the reason it ended."""
        self.enter()
        self.stopwatch.seconds["start"] = self.stopping.seconds - self.record.seconds
        reason = self.stopwatch.timed("search", self.search.run)()
        self.check_policy()
        if reason == "stop":
            return self.leave("STOPPED", reason, {})
        best = ranked(list(self.search.history), self.config.objectives)
        if not best:
            self.leave("FAILED", "no usable trial", {})
            raise NoUsableTrial(_why_unusable(self.config.name, list(self.search.history)))
        return self._conclude(best, reason)

    def _conclude(self, best: Sequence[Trial], reason: str) -> tuple[StudyState, str]:
        """Retrain and export the best of a search that is over."""
        self.exports.get_ready()
        try:
            finals = self.stopwatch.timed("final", self._finals)(best)
        except NoUsableTrial:
            self.leave("FAILED", "diverged", {})
            raise
        if self._stopping_now():
            return self.leave("STOPPED", "stop", {})
        return self._export(finals, reason)

    def _export(self, finals: FinalResult, reason: str) -> tuple[StudyState, str]:
        """Write what is handed out, and leave the study; what cannot be written is owed."""
        ensemble = self.exports.ensemble(finals)
        failures = self.stopwatch.timed("export", self.exports.write)(finals.best, finals.retrained)
        result = {**self.result(finals, reason), **ensemble}
        if failures:
            self.leave("STOPPED", "export", result)
            owed = ", ".join(self.exports.owed(finals.best))
            self.settings.watch(
                Noticed(f"the export ({owed}) is owed; mend what hinders it, then: nas resume {self.config.name}")
            )
            raise failures[0]  # what is owed is made by a resume
        if self.exports.owed(finals.best):
            return self.leave("STOPPED", "stop", result)
        return self.leave("FINISHED", reason, result)

    def _search(self, task: TaskInfo, prepared: Prepared) -> SearchLoop:
        config, budget = self.config, self.config.budget
        proposals = Proposals(config, task)
        rung, running = usual_first_rung(budget.epochs), RunningTrials()
        shutdown = Shutdown(
            config.name,
            self.heartbeat,
            self.stopping,
            running,
            self.executor,
            lambda trials: reserved(config, task, trials, self.executor.capacity),
            self.settings.clock,
            lambda: self.settings.interrupted() or self.policy.trouble is not None,
            self.settings.finish,
        )
        return SearchLoop(
            config=config,
            admission=Admission(proposals, self.stopping, budget.epochs, rung, prepared.cost),
            policy=TimedPolicy(self.policy, self.stopwatch),
            executor=self.executor,
            unit_of_work=self.unit_of_work,
            running=running,
            shutdown=shutdown,
            stopping=self.stopping,
            history=History(config.objectives),
            retention=RetentionPolicy(config.artifacts.keep, config.objectives),
            cohort=CohortSize(config.budget.trials, lambda: self.executor.capacity, self.executor.cohort),
            watch=self.settings.watch,
            dashboard=ThrottledProjection(self._projector(), self.settings.clock),
            folder=f"{self.folder}/checkpoints",
            jobs=self.jobs,
        )

    def _projector(self) -> Callable[[Sequence[Trial]], None]:
        """Return what writes to the dashboard's tables; no error there may end a search."""
        return self.stopwatch.timed("dashboard", self.projection.update)

    def _announce(self, trials: Sequence[Trial]) -> None:
        finished = sum(trial.state.finished for trial in trials)
        self.settings.watch(
            StudyStarted(self.config, self.record.task, finished, bool(trials), trials, self.record.seconds)
        )
        if text := not_shared_warning(self.config):
            self.settings.watch(Noticed(text))

    def check_policy(self) -> None:
        """Leave the study as stopped where its sampler or pruner was set aside, and raise why: the search has drained.

        Raises:
            NasError: one of them has failed.
        """
        trouble = self.policy.trouble
        if trouble is None:
            return
        self.leave("STOPPED", "stop", {})
        if not isinstance(trouble, SpecError):
            raise trouble
        hint = f"all trials are on record; once that is mended: nas resume {self.config.name}"
        raise SpecError([replace(problem, hint=problem.hint or hint) for problem in trouble.problems]) from trouble

    def _stopping_now(self) -> bool:
        return self.settings.interrupted() or self.heartbeat.requested == "stop"

    def _finals(self, best: Sequence[Trial]) -> FinalResult:
        record = FinalRecord(self.unit_of_work, self.settings.watch)
        done = self.exports.on_record()
        record.restore(done, self.storage.events(self.record.id))
        trainings = Trainings(
            study=self.config.name,
            task=self.config.task,
            epoch_samples=self.config.epoch_samples,
            folder=self.folder,
            executor=self.executor,
            unit_of_work=self.unit_of_work,
            watch=self.settings.watch,
            interrupted=self._stopping_now,
            left=self._left,
            seconds=lambda: self.stopping.seconds,
            jobs=self.jobs,
        )
        finals = FinalStage(self.config, self.task, self._metric, trainings, record).run(best)
        self.exports.forget({item.number for item in finals.retrained if item not in done}, done)
        return finals

    def _left(self) -> float:
        """Return the seconds that the final stage still has."""
        if not self.config.budget.seconds:
            return math.inf
        return self.config.budget.seconds - self.stopping.seconds - exporting(self.config)

    @property
    def _metric(self) -> str:
        """Metric of the result: the study's first objective, or the task's usual metric."""
        first = self.config.objectives[0].metric
        return first if first in self.task.metrics else self.task.metrics[0]

    def result(self, finals: FinalResult, reason: str) -> dict[str, Json]:
        """Sum up the study."""
        test, seconds = finals.test(self._metric), self.stopping.seconds
        return {
            "reason": reason,
            "wall": round(seconds, 3),
            "run": round(seconds - self.record.seconds, 3),
            "time": {part: round(seconds, 3) for part, seconds in self.stopwatch.seconds.items()},
            "best": finals.best.number,
            "test": asdict(test) if test else None,
            "compared": [asdict(item) for item in finals.compared],
            "failed_retrainings": finals.failed,
            "weights": "retrained" if finals.retrained else "search",
            "baselines": {name: dict(metrics) for name, metrics in finals.baselines.items()},
            "warnings": list(finals.warnings),
        }

    def leave(self, state: StudyState, reason: str, result: dict[str, Json]) -> tuple[StudyState, str]:
        """Record the state that the study is left in, and return it with the reason."""
        wall = result.get("wall")
        seconds = wall if isinstance(wall, float) else self.stopping.seconds  # one number for both
        self.storage.save(self.lease, state=state, result=result or None, seconds=seconds)
        self.projection.sum_up(self.storage.study(self.config.name), self.storage.artifacts(self.record.id))
        return state, reason


def _why_unusable(name: str, trials: Sequence[Trial]) -> str:
    reasons = sorted({trial_ended(trial.reason) or trial.state.value for trial in trials})
    ended = f"{counted(len(trials), 'trial')} ended so: {', '.join(reasons)}" if trials else "none began"
    return f"study {name!r} has no usable trial; {ended}"
