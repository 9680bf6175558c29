"""Optuna's TPE for conditional spaces, without its price there."""

from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.optuna.ask_context import Moment


class GroupedTpe(BaseSampler):
    """Optuna's multivariate TPE, asked for one group of dimensions at a time: those that were always active together.

    It draws from the same densities as `TPESampler(multivariate=True, group=True)`, but only for the groups that the
    trial opens, and without going through all trials at each proposal to find the groups.
    """

    def __init__(self, moment: Moment, *, startup_trials: int, candidates: int) -> None:
        self._groups, self._distributions = moment.groups, moment.distributions
        self._tpe = TPESampler(
            n_startup_trials=startup_trials + moment.rejections,
            n_ei_candidates=candidates,
            seed=moment.seed,
            multivariate=True,
        )
        self._drawn: dict[str, Any] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return no dimension: none is known to be active before it is asked for."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose nothing before a dimension is asked for."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw the whole group of a dimension when its first is asked for."""
        if param_name not in self._drawn:
            group = {name: self._distributions[name] for name in self._groups.of(param_name)}
            several = {name: distribution for name, distribution in group.items() if not distribution.single()}
            self._drawn.update(self._tpe.sample_relative(study, trial, several))
        if param_name not in self._drawn:  # too few trials for the model
            return self._tpe.sample_independent(study, trial, param_name, param_distribution)
        return self._drawn[param_name]
