"""The trials in memory that a model is shown: all of them, or the best and the last."""

import copy
from bisect import insort
from collections.abc import Container, Sequence

from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

BEST = 25
"""How many trials TPE counts as good at most; they are always shown."""


class RecentTrials(InMemoryStorage):
    """Shows the last `most` trials, and of earlier ones the best and the running; one study, one objective.

    TPE compares its 25 best trials with all others, of which it weighs old ones less and less: what is left out hardly
    counts, but would make each proposal cost as much as the study is long.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._running: set[int] = set()
        self._best: list[tuple[float, int]] = []

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Add a trial and remember that it runs."""
        trial_id = super().create_new_trial(study_id, template_trial)
        self._running.add(trial_id)
        return trial_id

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """End a trial and see whether it is among the best."""
        done = super().set_trial_state_values(trial_id, state, values)
        if state.is_finished():
            self._running.discard(trial_id)
            self._rank(self.get_trial(trial_id), trial_id)
        return done

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials that are shown, in their order."""
        if states == (TrialState.WAITING,):
            return []
        trials = super().get_all_trials(study_id, deepcopy=False)
        earlier = len(trials) - self._most
        if earlier > 0:
            kept = {*self._running, *(place for _, place in self._best)}
            trials = [trials[place] for place in sorted(kept) if place < earlier] + trials[earlier:]
        shown = [trial for trial in trials if states is None or trial.state in states]
        return copy.deepcopy(shown) if deepcopy else shown

    def _rank(self, trial: FrozenTrial, place: int) -> None:
        if trial.state is TrialState.COMPLETE and all(excess <= 0 for excess in trial.constraints.values()):
            maximize = self.get_study_directions(0)[0] is StudyDirection.MAXIMIZE
            assert trial.values
            insort(self._best, (-trial.values[0] if maximize else trial.values[0], place))
            del self._best[BEST:]
