"""Comparison of the best trials: each trained anew with fresh seeds, measured on validation."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.artifacts.final_result import Compared
from nas.controller.final_stage.jobs import Training
from nas.controller.final_stage.record import FinalRecord, key_of
from nas.controller.final_stage.retrainings import summed_up
from nas.controller.proposals import seed_of
from nas.objectives import error_of
from nas.trials import Trial


@dataclass(frozen=True, slots=True)
class Comparison:
    """So many fresh seeds for each candidate, from best to worst; the mean of a candidate decides."""

    candidates: Sequence[Trial]
    fresh: int
    seed: int
    """The study's."""
    metric: str
    record: FinalRecord

    def missing(self) -> list[Training]:
        """Return the trainings that are not on record."""
        return [
            training
            for trial in self.candidates
            for training in self._trainings(trial)
            if key_of(training) not in self.record.measured | self.record.failed
        ]

    def values(self, trial: Trial) -> list[float]:
        """Return what the fresh seeds of a trial reached."""
        known = self.record.measured
        found = [known[key_of(training)] for training in self._trainings(trial) if key_of(training) in known]
        return [metrics[self.metric] for metrics in found if self.metric in metrics]

    @property
    def results(self) -> list[Compared]:
        """Return what came of each candidate, in the search's own order."""
        return [
            Compared(trial.number, statistics.fmean(values) if values else None, len(values), len(self.failures(trial)))
            for trial in self.candidates
            for values in [self.values(trial)]
        ]

    @property
    def warnings(self) -> list[str]:
        """Return which candidates had fresh seeds that failed, and why."""
        return [
            f"trial {trial.number}: {len(failures)} of {self.fresh} fresh seeds {summed_up(failures)}"
            for trial in self.candidates
            if (failures := self.failures(trial))
        ]

    def order(self, others: Sequence[Trial]) -> list[Trial]:
        """Return the candidates from best to worst, among the others that were not compared.

        Before these stands who has been measured, who never failed first; behind them who always failed. Where a
        candidate has no result, because time was over, the search's own order stands.
        """
        if not all(self.values(trial) or self.failures(trial) for trial in self.candidates):
            return [*self.candidates, *others]
        places = {trial.number: self._place(trial) for trial in self.candidates}
        return sorted([*self.candidates, *others], key=lambda trial: places.get(trial.number, (2, 0.0)))

    def _place(self, trial: Trial) -> tuple[int, float]:
        values, failures = self.values(trial), self.failures(trial)
        if not values:
            return 3, 0.0
        error = error_of(self.metric, statistics.fmean(values))
        return (1 if failures else 0), error if math.isfinite(error) else math.inf

    def failures(self, trial: Trial) -> list[str]:
        """Return why fresh seeds of a trial failed."""
        known = self.record.failed
        return [known[key_of(training)] for training in self._trainings(trial) if key_of(training) in known]

    def _trainings(self, trial: Trial) -> list[Training]:
        seeds = [seed_of(self.seed, "fresh", trial.number, index) for index in range(self.fresh)]
        return [
            Training("comparison", trial.number, replace(trial.candidate, seed=seed), trial.epochs, "search")
            for seed in seeds
        ]
