"""Retrainings of one trial: which seeds are missing, and when the next best trial takes its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nas.artifacts.final_result import KIND
from nas.controller.final_stage.jobs import Training
from nas.controller.final_stage.record import FinalRecord, key_of
from nas.controller.proposals import seed_of
from nas.reasons import trial_ended
from nas.storage import Artifact
from nas.trials import Trial


@dataclass(slots=True)
class Retrainings:
    """One trial's retrainings; a seed that fails is replaced by another, until too many have failed."""

    trial: Trial
    wanted: int
    """How many shall be scored."""
    epochs: int
    seed: int
    """The study's."""
    record: FinalRecord
    _seen: list[Training] = field(default_factory=list)
    """Every training so far, those on record included."""
    hindered: list[str] = field(default_factory=list)
    """Why others came to no result through no fault of the trial: a lost worker, a full disk."""

    def begin(self) -> list[Training]:
        """Return the trainings to begin, so that as many as are wanted are scored if none of them fails."""
        begun: list[Training] = []
        while not self.gave_way and self._promising < self.wanted:
            self._seen.append(self._nth(len(self._seen)))
            if not (self._is_scored(self._seen[-1]) or key_of(self._seen[-1]) in self.record.failed):
                begun.append(self._seen[-1])
        return begun

    @property
    def scored(self) -> list[Artifact]:
        """Those that were scored, on record before or not."""
        return [item for item in self.record.retrained if self._is_mine(item)]

    @property
    def failures(self) -> list[str]:
        """Why those failed that did."""
        known = self.record.failed
        return [known[key_of(training)] for training in self._seen if key_of(training) in known]

    @property
    def gave_way(self) -> bool:
        """Return whether the trial cannot be trusted: half as many as were wanted have failed, and at least two."""
        return len(self.failures) >= max(2, (self.wanted + 1) // 2)

    @property
    def description(self) -> str:
        """Return how many failed, and why."""
        return f"{len(self.failures)} of {len(self.failures) + len(self.scored)} retrainings {summed_up(self.failures)}"

    @property
    def _promising(self) -> int:
        """Count those that were scored, still may be, or are not to be replaced."""
        return len(self._seen) - len(self.failures)

    def _nth(self, index: int) -> Training:
        seed = seed_of(self.seed, KIND, self.trial.number, index)
        return Training("retraining", self.trial.number, replace(self.trial.candidate, seed=seed), self.epochs, "final")

    def _is_scored(self, training: Training) -> bool:
        return any(item.seed == training.seed for item in self.scored)

    def _is_mine(self, item: Artifact) -> bool:
        return (item.number, item.epoch) == (self.trial.number, self.epochs)


def summed_up(reasons: Sequence[str]) -> str:
    """Return a sentence that several trainings failed, and why, in the first words of each reason."""
    heads = dict.fromkeys(trial_ended(reason.partition(":")[0]) for reason in reasons)
    return f"failed ({', '.join(heads)})"
