"""Brute force: every point of a finite space once, in a random order, and then the study is over."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nas.config import Objective
from nas.samplers.protocol import SpaceExhausted
from nas.samplers.random import stream
from nas.trials import Trial
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension, Int
from search_spaces.errors import Problem, SpecError
from search_spaces.space import SearchSpace

WALKS = 100_000
"""After so many points in a row that break a constraint the rest of a space counts as empty."""

Values = Callable[[Dimension], Sequence[Scalar]]
"""The values of a dimension that are tried."""


@dataclass(frozen=True, slots=True)
class BruteForce:
    """Needs a step or a choice in every dimension; it has nothing to set."""

    def sampler(self, *, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> "ExhaustiveSampler":
        """Make the sampler of one study.

        Raises:
            SpecError: a dimension is continuous.
        """
        continuous = [name for name, dimension in space.dimensions.items() if math.isinf(dimension.size)]
        if continuous:
            message = f"needs a finite space, {continuous[0]!r} is continuous"
            hint = "give it a step, or use the sampler grid"
            raise SpecError([Problem("sampler.brute_force", message, hint=hint)])
        return ExhaustiveSampler(space, seed, all_values)


def all_values(dimension: Dimension) -> Sequence[Scalar]:
    """List the values of a dimension that has finitely many."""
    if isinstance(dimension, Choice):
        return dimension.options
    if isinstance(dimension, Int):
        return range(dimension.low, dimension.high + 1, dimension.step)
    step = dimension.step or 0.0
    return [float(f"{dimension.low + place * step:.12g}") for place in range(int(dimension.size))]


@dataclass(slots=True)
class ExhaustiveSampler:
    """Walks the tree of choices, one branch per value, and never the same way twice.

    The order of branches is drawn for each trial from the seed, its number and the way so far; the first branch with
    something left is taken. So the next proposal is a function of what was proposed, not of how it came to be known.
    """

    space: SearchSpace
    seed: int
    values: Values
    _root: "_Node" = field(default_factory=lambda: _Node())

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters for these trial numbers, or for fewer where fewer are left.

        Raises:
            SpaceExhausted: none is left.
        """
        proposals: list[Params] = []
        for number in numbers:
            params = self._propose(number)
            if params is None:
                break
            proposals.append(params)
        if not proposals and numbers:
            raise SpaceExhausted(f"every point of the space {self.space.name!r} has been proposed")
        return proposals

    def tell(self, trials: Sequence[Trial]) -> None:
        """Strike out what was proposed before."""
        for trial in trials:
            self._strike_out(trial.params)

    def _propose(self, number: int) -> Params | None:
        for _ in range(WALKS):
            if self._root.empty:
                return None
            params = self.space.propose(_Walk(self._root, self.values, self.seed, number))
            self._strike_out(params)
            if not self.space.violated(params):
                return params
        return None

    def _strike_out(self, params: Params) -> None:
        node, way = self._root, list[tuple[_Node, Scalar]]()
        for name in self.space.active(params):
            branches = node.open(self.values(self.space.dimensions[name]))
            if params[name] not in branches:
                return  # struck out before, or not a value that is tried
            way.append((node, params[name]))
            node = branches[params[name]]
        node.open(())
        for node, value in reversed(way):
            del node.open(())[value]
            if not node.empty:
                return


@dataclass(slots=True)
class _Node:
    """The branches below one way that are not struck out; unknown before the first visit."""

    branches: "dict[Scalar, _Node] | None" = None

    def open(self, values: Sequence[Scalar]) -> "dict[Scalar, _Node]":
        if self.branches is None:
            self.branches = {value: _Node() for value in values}
        return self.branches

    @property
    def empty(self) -> bool:
        return self.branches == {}


@dataclass(slots=True)
class _Walk:
    """One way down the tree, asked for the value of one dimension after the other."""

    node: _Node
    values: Values
    seed: int
    number: int
    way: list[Scalar] = field(default_factory=list)

    def __call__(self, name: str, dimension: Dimension) -> Scalar:
        values = list(self.values(dimension))
        branches = self.node.open(values)
        stream(self.seed, self.number, repr(self.way)).shuffle(values)
        value = next(value for value in values if value in branches)
        self.node = branches[value]
        self.way.append(value)
        return value
