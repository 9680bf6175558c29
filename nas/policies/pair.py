"""A sampler and a pruner as one policy: what waits goes on first, then new candidates; weak trials are stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas import pruners, samplers
from nas.config import StudyConfig
from nas.policies.protocol import Continue, Decision, Start, Verdict
from nas.policies.replay import Reader, Values, replay, values_to_replay
from nas.pruners._checked import CheckedPruner
from nas.samplers._checked import CheckedSampler
from nas.trials import Trial, TrialState, finish
from search_spaces.errors import NasError


@dataclass(frozen=True, slots=True)
class Pair:
    """Trains every candidate for the study's epochs, unless the pruner stops it."""

    sampler: CheckedSampler
    pruner: CheckedPruner

    @property
    def trouble(self) -> NasError | None:
        """Return why one of them was set aside, None while both decide."""
        return self.sampler.trouble or self.pruner.trouble

    def next(self, waiting: Sequence[int], numbers: Sequence[int]) -> list[Decision]:
        """Return the trials that wait, in their order; where none does, a new candidate for each number."""
        if waiting:
            return [Continue(number) for number in waiting]
        if not numbers:
            return []
        asked = zip(numbers, self.sampler.ask(numbers), strict=False)
        return [Start(params, self.sampler.state(number)) for number, params in asked]

    def report(self, number: int, epoch: int, value: float) -> Verdict:
        """Let the pruner judge a trial."""
        return Verdict.STOP if self.pruner.report(number, epoch, value) else Verdict.GO_ON

    def finish(self, trials: Sequence[Trial]) -> None:
        """Let both know that trials have ended."""
        for trial in trials:
            self.pruner.finish(trial.number, complete=trial.state is TrialState.COMPLETE)
        self.sampler.tell(trials)

    def restore(self, trials: Sequence[Trial], values: Values) -> None:
        """Replay to the pruner what trials reported, and give the sampler all of them."""
        for trial in sorted(trials, key=finish):
            replay(self.pruner, trial, values.get(trial.number, ()))
        self.sampler.tell(trials)

    def values_to_replay(self, trials: Sequence[Trial], read: Reader) -> Values:
        """Return what of finished trials the pruner still needs; what runs or waits is read from its curve."""
        return values_to_replay(trials, self.pruner, read)


def pair(config: StudyConfig, *, seed: int) -> Pair:
    """Make the policy of a study that its task has completed; `seed` is the sampler's.

    Raises:
        SpecError: the sampler cannot search this space or needs a package that is not installed, or a setting of
            either is not allowed.
    """
    sampler = CheckedSampler(
        config.sampler.name,
        lambda: samplers.make(config.sampler, space=config.space, objectives=config.objectives, seed=seed),
        config.space,
    )
    pruner = CheckedPruner(
        config.pruning.pruner.name,
        lambda: pruners.make(config.pruning, epochs=config.budget.epochs, seed=config.seed),
    )
    return Pair(sampler, pruner)
