"""The two parts that decide in a run: the sampler that proposes candidates, the pruner that stops them."""

from dataclasses import dataclass

from nas import pruners, samplers
from nas.config import StudyConfig
from nas.controller.proposals import seed_of
from nas.pruners._checked import CheckedPruner
from nas.samplers._checked import CheckedSampler
from search_spaces.errors import NasError


@dataclass(frozen=True, slots=True)
class Deciders:
    """Both know no trial yet."""

    sampler: CheckedSampler
    pruner: CheckedPruner

    @property
    def trouble(self) -> NasError | None:
        """Return why one of them was set aside, None while both decide."""
        return self.sampler.trouble or self.pruner.trouble


def deciders(config: StudyConfig) -> Deciders:
    """Make both for a study that its task has completed.

    Raises:
        SpecError: the sampler cannot search this space or needs a package that is not installed, or a setting of
            either is not allowed.
    """
    space, seed = config.space, seed_of(config.seed, "sampler")
    sampler = CheckedSampler(
        config.sampler.name,
        lambda: samplers.make(config.sampler, space=space, objectives=config.objectives, seed=seed),
        space,
    )
    pruner = CheckedPruner(
        config.pruning.pruner.name,
        lambda: pruners.make(config.pruning, epochs=config.budget.epochs, seed=config.seed),
    )
    return Deciders(sampler, pruner)
