"""Admission control: refuse proposals that do not fit into what is left of the budget."""

import math
from dataclasses import dataclass, field, replace

from nas.controller.budget.epoch_cost import EpochCost
from nas.controller.budget.stopping_criterion import LATE, StoppingCriterion
from nas.controller.proposals import Proposals
from nas.policies.protocol import Start
from nas.trials import Trial, TrialState, over

WHOLE_SHARE = 0.75
"""Of the whole time, what one full training may take at most; what is longer would be cut far from its end."""
TOO_LONG = "expected seconds within those left"


@dataclass(slots=True)
class Admission:
    """Asks for candidates while the budget has room for them."""

    proposals: Proposals
    stopping: StoppingCriterion
    epochs: int
    """Of a full training."""
    first_rung: int
    """Epochs to the first comparison: nothing is begun that cannot reach it."""
    cost: EpochCost = field(default_factory=EpochCost)

    @property
    def open(self) -> bool:
        """Return whether the budget has room for one more candidate, and the space has one that is new."""
        if not self.stopping.room(1):
            return False
        self.stopping.exhausted |= self.proposals.exhausted
        return not self.stopping.exhausted

    def admit(self, number: int, start: Start) -> Trial:
        """Return a new trial: WAITING where it is to be trained, else finished."""
        return self._admitted(self.proposals.judge(number, start.params, start.state))

    def _admitted(self, trial: Trial) -> Trial:
        """Return a trial as it is, or as infeasible where what is left of the time is too short for it."""
        if trial.state.finished:
            return trial
        excess = self._excess(trial)
        if self.stopping.late == LATE - 1 and not self.stopping.epochs_spent:
            excess = 0.0  # rather one that is too long than nothing
        self.stopping.late = self.stopping.late + 1 if excess > 0 else 0
        if excess <= 0:
            return trial
        return replace(
            over(trial, TrialState.PRUNED, "infeasible"), constraints={**trial.constraints, TOO_LONG: excess}
        )

    def _excess(self, trial: Trial) -> float:
        """Return by how many seconds a trial would take too long; ≤ 0 where it may be begun."""
        budget = self.stopping.budget.seconds
        seconds = self.cost.predict(trial) if budget else None
        if seconds is None:
            return -math.inf
        whole = seconds * self.epochs - WHOLE_SHARE * budget
        first = seconds * self.first_rung - self.stopping.left if self.stopping.epochs_spent else -math.inf
        return max(first, whole)
