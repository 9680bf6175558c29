"""Final stage: fresh seeds choose among the best, the winner is retrained on train + validation, scored on test."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nas.artifacts.final_result import KIND, FinalResult
from nas.config import StudyConfig
from nas.controller.final_stage.baselines import LINEAR, Linear, constant, seconds_of
from nas.controller.final_stage.comparison import Comparison
from nas.controller.final_stage.jobs import Training, Trainings
from nas.controller.final_stage.plan import SLACK, Plan, Terms, cuts, planned, retraining_seconds
from nas.controller.final_stage.record import FinalRecord, key_of
from nas.controller.final_stage.retrainings import Retrainings
from nas.controller.final_stage.sanity_checks import diverged, far_worse
from nas.controller.proposals import seed_of
from nas.errors import NoUsableTrial
from nas.events import ComparisonStarted, FinalStarted, Noticed
from nas.trials import Trial
from workers.messages import Outcome, TaskInfo, parts_of_a_pass

START, EPOCH, SAMPLE = 0.2, 3e-3, 2e-7
"""Seconds of a training, of an epoch and of a sample in it that a cohort shares: jobs, reports, shuffling, copies."""


@dataclass(slots=True)
class FinalStage:
    """Does what is not on record yet."""

    config: StudyConfig
    task: TaskInfo
    metric: str
    """What is compared and summed up."""
    trainings: Trainings
    record: FinalRecord
    _linear: Linear = field(init=False)
    _waiting: list[Training] = field(default_factory=list)
    """Trainings of the baseline that have not begun."""
    _linear_waits: bool = False
    """Whether the plan had no time for the baseline."""
    _comparison: Comparison | None = None
    _retrainings: Retrainings | None = None
    _warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        seed = seed_of(self.config.seed, KIND, LINEAR)
        self._linear = Linear(self.task, self.metric, self.config.epoch_samples, seed, self.record.linear)

    def run(self, ranked: Sequence[Trial]) -> FinalResult:
        """Choose among usable trials, best first, and score the chosen one; stop early when interrupted.

        Raises:
            NoUsableTrial: no trial's retrainings can be trusted.
        """
        candidates = candidates_of(ranked, self.config)
        if not self.config.final.seeds:
            return FinalResult(candidates[0], baselines=constant(self.task))
        plan = self._plan(candidates)
        self._linear_waits = not plan.linear
        self._waiting = self._linear.begin() if plan.linear else []
        finals = self._scored(self._ordered(candidates, plan), plan)
        linear = {LINEAR: self._linear.metrics} if self._linear.metrics is not None else {}
        if not linear and not self.trainings.interrupted():
            late = self._linear_waits or self.trainings.out_of_time
            self._warn(
                f"no linear baseline: {'there was no time for it' if late else 'its trainings came to no result'}"
            )
        doubts = [*self._warnings, *self._doubts(finals)]
        compared = self._comparison.results if self._comparison else ()
        return replace(finals, baselines={**constant(self.task), **linear}, compared=compared, warnings=doubts)

    def _plan(self, candidates: Sequence[Trial]) -> Plan:
        """Fit the stage into the time that is left, and say what is left out."""
        final = self.config.final
        if self.config.objectives[0].metric != self.metric:
            final = replace(final, top=1)  # parameters, say: no seed changes them
        terms = terms_of(self.config, self.task, self.trainings.executor.capacity)
        plan = planned(candidates, final, terms, left=self.trainings.left())
        if cut := cuts(plan, planned(candidates, final, terms)):
            self._warn(f"time is short: {cut}")
        return plan

    def _ordered(self, candidates: Sequence[Trial], plan: Plan) -> list[Trial]:
        """Bring the candidates into the order that fresh seeds give them on the validation samples."""
        if plan.top < 2:
            return list(candidates)
        compared, others = candidates[: plan.top], candidates[plan.top :]
        self._comparison = Comparison(compared, plan.fresh, self.config.seed, self.metric, self.record)
        terms = terms_of(self.config, self.task, self.trainings.executor.capacity)
        room = self.trainings.left() - SLACK * retraining_seconds(compared[0], terms)  # none may cost the retraining
        if missing := [replace(item, limit=room) for item in self._comparison.missing()]:
            self.trainings.watch(ComparisonStarted(tuple(trial.number for trial in compared), plan.fresh))
            self._train(missing)
        for text in self._comparison.warnings:
            self._warn(text)
        return self._comparison.order(others)

    def _scored(self, order: Sequence[Trial], plan: Plan) -> FinalResult:
        """Retrain one candidate after another until the retrainings of one can be trusted."""
        refused: dict[int, str] = {}
        for trial in order:
            found = self._retrain(trial, plan.seeds)
            if not found.wanted:
                break
            if self.trainings.interrupted() or (found.scored and not found.gave_way):
                self._qualify(found)
                return FinalResult(trial, found.scored, len(found.failures))
            if not found.gave_way:
                break  # the time is over, or no worker lives long enough
            refused[trial.number] = found.description
            self._give_way(found)
            if self.trainings.out_of_time:
                break
        left = [trial for trial in order if trial.number not in refused]
        if not left:
            raise NoUsableTrial(self._none_left(refused))
        self._train([])  # the baseline, if nothing has been trained beside it
        return self._own_weights(next((trial for trial in left if trial.checkpoint), left[0]))

    def _retrain(self, trial: Trial, seeds: int) -> Retrainings:
        """Train one candidate with several seeds on train + validation, and score each on test."""
        epochs = self.config.final.epochs or trial.epochs
        found = Retrainings(trial, seeds, epochs, self.config.seed, self.record)
        found.wanted = max(seeds, len(found.scored))  # what is on record counts, whatever the time
        self._retrainings = found
        if begun := found.begin():
            self.trainings.watch(FinalStarted(len(begun)))
        self._train(begun)
        return found

    def _own_weights(self, trial: Trial) -> FinalResult:
        """Score the weights that the search left: they are exported where no retraining was possible."""
        why = (self._retrainings and next(iter(self._retrainings.hindered), "")) or "the time was over"
        self._warn(
            f"nothing was retrained ({why}): the weights of trial {trial.number} are those of the search, "
            "trained on the train samples alone"
        )
        saved = trial.checkpoint
        if saved is None:
            return FinalResult(trial)
        scoring = Training("scoring", trial.number, trial.candidate, saved.epoch, "final", saved)
        if key_of(scoring) not in self.record.measured:
            self._train([scoring])
        return FinalResult(trial, own=self.record.measured.get(key_of(scoring)))

    # ---- what trainings come to

    def _train(self, wanted: Sequence[Training]) -> None:
        """Train what is wanted, and the baseline if it has not begun."""
        baseline, self._waiting = self._waiting, []
        self.trainings.run([*baseline, *wanted], self._take)

    def _take(self, training: Training, outcome: Outcome | None) -> Sequence[Training]:
        """Put a training that has ended on record, and return what else to train."""
        more: Sequence[Training] = ()
        keeps = False
        match training.purpose:
            case "baseline":
                more = self._take_baseline(training, outcome)
            case "comparison" | "scoring":
                self._take_measured(training, outcome)
            case "retraining":
                more, keeps = self._take_retraining(training, outcome)
        if outcome is not None and not keeps:
            self.trainings.unit_of_work.delete_after_commit(outcome.checkpoint)
        return () if self.trainings.out_of_time else more

    def _take_baseline(self, training: Training, outcome: Outcome | None) -> Sequence[Training]:
        more = self._linear.take(training, outcome)
        if training.stage == "final" and self._linear.metrics is not None:
            self.record.baseline(LINEAR, training, self._linear.metrics)
        return more

    def _take_measured(self, training: Training, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.state == "COMPLETE":
            self.record.measure(training, outcome.metrics)
        elif outcome is not None and outcome.state == "FAIL":
            self.record.fail(training, outcome.reason or "unknown")

    def _take_retraining(self, training: Training, outcome: Outcome | None) -> tuple[Sequence[Training], bool]:
        """Return what else to train, and whether the weights are kept."""
        current = self._retrainings
        assert current is not None  # it is what began the training
        hindrance = _hindrance(outcome)
        if hindrance:
            current.hindered.append(hindrance)
        elif outcome is None or outcome.state not in ("COMPLETE", "FAIL"):
            return (), False  # ended early
        elif reason := self._why_failed(current.trial, outcome):
            self.record.fail(training, reason)
        else:
            assert outcome.checkpoint is not None  # else something hindered it
            self.record.retrain(training, outcome.checkpoint, outcome.metrics)
            return self._added(current, outcome.seconds), True
        if current.gave_way:
            self.trainings.end()
        return current.begin(), False

    def _added(self, current: Retrainings, seconds: float) -> list[Training]:
        """Return what a plan left out and there is time for after all: the baseline first, then another retraining."""
        left = self.trainings.left() / SLACK
        linear = seconds_of(self.task, self.config.epoch_samples)
        begun: list[Training] = []
        if self._linear_waits and linear <= left:
            self._linear_waits, left, begun = False, left - linear, self._linear.begin()
        if current.wanted < self.config.final.seeds and seconds <= left:
            current.wanted += 1
        return [*begun, *current.begin()]

    # ---- how it is to be judged

    def _why_failed(self, trial: Trial, outcome: Outcome) -> str:
        """Return why a retraining cannot be used, empty where it can."""
        if outcome.state == "FAIL":
            return outcome.reason or "unknown"
        test = outcome.metrics.get(self.metric, math.nan)
        trivial = next((metrics[self.metric] for metrics in constant(self.task).values()), None)
        broken = diverged(self.metric, test=test, validation=self._validation(trial), constant=trivial)
        return f"diverged: {self.metric} {test:.4g} on test" if broken else ""

    def _validation(self, trial: Trial) -> float | None:
        """Return what a trial has on validation: the mean of fresh seeds, which luck did not choose, or its own."""
        if self._comparison and (values := self._comparison.values(trial)):
            return statistics.fmean(values)
        if self.config.objectives[0].metric == self.metric and trial.values:
            return trial.values[0]
        return trial.metrics.get(self.metric)

    def _doubts(self, finals: FinalResult) -> Iterable[str]:
        test, validation = finals.test(self.metric), self._validation(finals.best)
        if test is not None and (leak := self.task.leak("test")):
            yield leak
        if test is None or validation is None:
            return
        if far_worse(self.metric, test=test.mean, validation=validation, samples=self.task.samples):
            yield (
                f"test {self.metric} {test.mean:.4g} is far worse than validation {self.metric} {validation:.4g}, "
                "by more than chance explains"
            )

    def _qualify(self, found: Retrainings) -> None:
        """Warn about retrainings that count although something was not as planned."""
        if found.failures:
            self._warn(f"trial {found.trial.number}: {found.description}, others were trained in their place")
        whole = max(found.wanted, self.config.final.seeds)
        if found.scored and len(found.scored) < whole and not self.trainings.interrupted():
            why = next(iter(found.hindered), "there was no time for more")
            self._warn(f"{len(found.scored)} of {whole} retrainings of trial {found.trial.number} count: {why}")

    def _give_way(self, found: Retrainings) -> None:
        number = found.trial.number
        self.trainings.unit_of_work.event("final.gave_way", number=number, reason=found.description)
        self._warn(f"trial {number} gives way to the next best: {found.description}")

    def _none_left(self, refused: Mapping[int, str]) -> str:
        tried = "; ".join(f"trial {number}: {why}" for number, why in list(refused.items())[:3])
        return (
            f"study {self.config.name!r} has no test score: the retrainings of all {len(refused)} usable trials "
            f"diverged ({tried}{'; …' if len(refused) > 3 else ''}); give smaller learning rates or "
            "gradient_clipping, or `final: {seeds: 0}` to keep the weights of the search"
        )

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        self.trainings.watch(Noticed(text))


def candidates_of(ranked: Sequence[Trial], config: StudyConfig) -> list[Trial]:
    """Leave out trials that repeat another; one that was answered from the record is as long as any other."""
    originals = [trial for trial in ranked if trial.reused_from is None] or ranked
    return [replace(trial, epochs=trial.epochs or config.budget.epochs) for trial in originals]


def terms_of(config: StudyConfig, task: TaskInfo, workers: int) -> Terms:
    """Return what the cost of a study's final stage depends on, beside its trials."""
    parts = parts_of_a_pass(task.samples[0], config.epoch_samples)
    linear, epoch = seconds_of(task, config.epoch_samples), EPOCH + SAMPLE * task.samples[0] / parts
    return Terms(task.samples, workers, config.final.epochs, linear, parts, START, epoch)


def _hindrance(outcome: Outcome | None) -> str:
    """Return what kept a training from a result through no fault of its own, empty where nothing did."""
    if outcome is None:
        return "its worker was lost"
    if outcome.state == "COMPLETE" and outcome.checkpoint is None:
        return outcome.reason or "its weights were not written"
    return outcome.reason if outcome.state == "FAIL" and outcome.reason.startswith("task:") else ""
