"""Regularised evolution: mutates one dimension of the best of a few recent trials (Real et al. 2019)."""

import math
import random
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from nas.config import Objective
from nas.objectives import losses, usable
from nas.pareto import ranks
from nas.samplers.random import stream
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension, Int
from search_spaces.hyperparameters import integer
from search_spaces.space import SearchSpace

TRIES = 50
"""How many mutants may break a constraint or repeat an earlier trial before a new point is drawn."""

NEARBY = 0.15
"""The standard deviation of a small mutation, as a share of a numeric dimension's range."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """Age, not fitness, decides who leaves the population: the last so many finished trials are in it."""

    population: int = integer(20, "the last so many finished trials may become parents; as many are drawn first", low=1)
    tournament: int = integer(5, "of so many drawn from the population the best becomes the parent", low=1)

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> "EvolutionSampler":
        """Make the sampler of one study."""
        return EvolutionSampler(space, tuple(objectives), seed, self.population, self.tournament)


@dataclass(slots=True)
class EvolutionSampler:
    """Each proposal is a function of the seed, its number, the finished trials, and all that was proposed before.

    Completed trials rank before stopped ones, stopped ones by how far they came, infeasible ones last by how far they
    are from feasible; with several objectives completed trials rank by non-dominated front. Failed ones are no parents.
    """

    space: SearchSpace
    objectives: tuple[Objective, ...]
    seed: int
    population: int
    tournament: int
    _numbers: list[int] = field(default_factory=list)
    _parents: dict[int, Trial] = field(default_factory=dict)
    _proposed: set[frozenset[tuple[str, Scalar]]] = field(default_factory=set)

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters for these trial numbers."""
        return [self._propose(number) for number in numbers]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take finished trials into the population."""
        for trial in trials:
            self._proposed.add(frozenset(trial.params.items()))
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and trial.number not in self._parents:
                self._parents[trial.number] = trial
                insort(self._numbers, trial.number)

    def _propose(self, number: int) -> Params:
        rng = stream(self.seed, number)
        params = self._mutant(rng) if len(self._numbers) >= self.population else None
        params = params or self._fresh(rng)
        self._proposed.add(frozenset(params.items()))
        return params

    def _mutant(self, rng: random.Random) -> Params | None:
        recent = [self._parents[number] for number in self._numbers[-self.population :]]
        for _ in range(TRIES):
            drawn = rng.sample(recent, min(self.tournament, len(recent)))
            params = mutate(self.space, self._best(drawn).params, rng)
            if params is not None and self._new(params) and not self.space.violated(params):
                return params
        return None

    def _fresh(self, rng: random.Random) -> Params:
        for _ in range(TRIES):
            params = self.space.sample(rng)
            if self._new(params):
                return params
        return params

    def _new(self, params: Params) -> bool:
        return frozenset(params.items()) not in self._proposed

    def _best(self, drawn: Sequence[Trial]) -> Trial:
        complete = [trial for trial in drawn if usable(trial)]
        if not complete:
            return min(drawn, key=_weakness)
        points = [losses(trial, self.objectives) for trial in complete]
        order = zip(ranks(points, most=1), points, (trial.number for trial in complete), complete, strict=True)
        return min(order)[3]


def mutate(space: SearchSpace, parent: Params, rng: random.Random) -> Params | None:
    """Change one dimension of a point; what that opens is drawn, what it closes is dropped.

    Returns None where no dimension has a second value.
    """
    names = [name for name in parent if space.dimensions[name].size > 1]
    if not names:
        return None
    chosen = rng.choice(names)

    def suggest(name: str, dimension: Dimension) -> Scalar:
        if name == chosen:
            return _other(dimension, parent[name], rng)
        return parent[name] if name in parent else dimension.sample(rng)

    return space.propose(suggest)


def _other(dimension: Dimension, value: Scalar, rng: random.Random) -> Scalar:
    """Draw another value: any other option; of numbers, as often a nearby one as any."""
    if isinstance(dimension, Choice):
        return rng.choice([option for option in dimension.options if option != value])
    assert not isinstance(value, str)
    far = rng.random() < 0.5
    for _ in range(TRIES):
        other = dimension.sample(rng) if far else _nearby(dimension, value, rng)
        if other != value:
            return other
        far = True
    return value


def _nearby(dimension: Dimension, value: float, rng: random.Random) -> Scalar:
    """Move by a normal step on the dimension's own scale, and keep to its values."""
    assert not isinstance(dimension, Choice)
    scale, back = (math.log, math.exp) if dimension.log else (float, float)
    low, high = scale(dimension.low), scale(dimension.high)
    exact = back(min(max(rng.gauss(scale(value), NEARBY * (high - low)), low), high))
    if dimension.step:
        exact = dimension.low + round((exact - dimension.low) / dimension.step) * dimension.step
    bounded = min(max(exact, dimension.low), dimension.high)
    return round(bounded) if isinstance(dimension, Int) else float(f"{bounded:.12g}") if dimension.step else bounded


def _weakness(trial: Trial) -> tuple[float, int, int]:
    """Rank trials that did not complete or are infeasible; less is better."""
    excess = sum(excess for excess in trial.constraints.values() if excess > 0)
    return excess, -trial.epochs, trial.number
