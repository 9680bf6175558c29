"""TPE as a sampler: a group of dimensions at a time is drawn where good trials are dense and others are not."""

import hashlib
from collections.abc import Sequence

import numpy as np

from nas.config import Objective
from nas.samplers._groups import Groups
from nas.samplers.parzen.axes import axis_of
from nas.samplers.parzen.memory import Memory
from nas.samplers.parzen.model import Model
from nas.samplers.random import stream
from nas.trials import Trial
from search_spaces.candidate import Params, Scalar
from search_spaces.space import SearchSpace

TRIES = 24
"""How often a proposal that breaks a constraint or repeats an earlier one is drawn again from the model."""


class ParzenSampler:
    """Each proposal is a function of the seed, its number, and the trials that were begun and finished before."""

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        seed: int,
        *,
        startup_trials: int,
        candidates: int,
        recent: int,
    ) -> None:
        """Begin without a trial; the first `startup_trials` are drawn at random."""
        self._space, self._seed = space, seed
        self._size = space.size
        self._startup_trials, self._candidates = startup_trials, candidates
        self._axes = {name: axis_of(dimension) for name, dimension in space.dimensions.items() if dimension.size > 1}
        sign = -1.0 if objective.direction == "maximize" else 1.0
        self._memory = Memory(self._axes, sign=sign, metric=objective.metric, recent=recent)
        self._groups = Groups()
        self._proposed: set[frozenset[tuple[str, Scalar]]] = set()

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters for these trial numbers."""
        return [self._propose(number) for number in numbers]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from trials that were asked for, and remember those that were not."""
        for trial in sorted(trials, key=lambda trial: trial.number):
            if not self._memory.known(trial.number):
                self._begin(trial.number, trial.params)
            if trial.state.finished:
                self._memory.finish(trial)

    def _propose(self, number: int) -> Params:
        params = self._new(number)
        self._begin(number, params)
        return params

    def _begin(self, number: int, params: Params) -> None:
        self._memory.begin(number, params)
        self._groups.see(name for name in params if name in self._axes)
        self._proposed.add(frozenset(params.items()))

    def _new(self, number: int) -> Params:
        at_random = stream(self._seed, number)
        model = self._model(number) if self._memory.learned_from >= self._startup_trials else None
        for _ in range(TRIES):
            params = model.propose(self._space) if model else self._space.sample(at_random)
            if not self._repeats(params) and not self._space.violated(params):
                return params
        return self._space.sample(at_random)

    def _model(self, number: int) -> Model:
        digest = hashlib.blake2b(f"{self._seed}:{number}".encode(), digest_size=4).digest()
        rng = np.random.RandomState(int.from_bytes(digest, "big"))
        return Model(self._memory, self._groups, self._axes, self._candidates, rng)

    def _repeats(self, params: Params) -> bool:
        return len(self._proposed) < self._size and frozenset(params.items()) in self._proposed
