"""Context of one proposal: what an Optuna sampler is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from nas.samplers._groups import Groups


@dataclass(frozen=True, slots=True)
class Moment:
    """Context of one proposal: an Optuna sampler is made anew from it, so that it depends on seed and history alone."""

    seed: int
    """Of this proposal."""
    study_seed: int
    """Of all proposals."""
    groups: Groups
    """The dimensions that have always been active together so far."""
    distributions: Mapping[str, BaseDistribution]
    earlier: Sequence[FrozenTrial]
    """The COMPLETE trials that were there before the first proposal: not empty after a rebuild."""
    rejections: int
    """How many infeasible proposals were told that never became a trial."""


Maker = Callable[[Moment], BaseSampler]
