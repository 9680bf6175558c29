"""A search space: dimensions under flat names, fixed values, constraints between them, and limits on the network."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.candidate import Candidate, Params, Scalar, Settings
from search_spaces.dimensions import Dimension, dimension_from_json
from search_spaces.errors import Problem, SpecError
from search_spaces.expressions import Expression
from search_spaces.network import SIZES, Network
from search_spaces.space.scope import Known, Scope
from search_spaces.space.validation import excess_at, known_of, size_of

TRIES = 10_000
"""Draws after which a space counts as one without a point that satisfies its constraints."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest number of parameters, FLOPs and bytes of activations a network may have; 0 means without limit."""

    parameters: int = 0
    flops: int = 0
    memory: int = 0

    def excesses(self, network: Network) -> Mapping[str, float]:
        """Return, by the text of each limit, how far a network exceeds it; ≤ 0 holds."""
        limits, sizes = self.to_json(), network.sizes
        return {f"{name} <= {limit}": float(sizes[name] - limit) for name, limit in limits.items() if limit}

    def to_json(self) -> dict[str, int]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in SIZES}


@dataclass(frozen=True, slots=True, repr=False)
class SearchSpace:
    """A search space under flat names: `depth`, `width.0`, `optimizer`, `optimizer.sgd.lr`.

    A dimension has a value only where it is active: its own `when` holds, the choice in its name was made, and its
    index is below the hyper-parameter that counts it. What is neither a dimension nor `fixed` is as by default.
    """

    name: str
    family: str
    architecture: Mapping[str, Dimension]
    recipe: Mapping[str, Dimension]
    fixed: Settings = field(default_factory=Settings)
    constraints: tuple[Expression, ...] = ()
    limits: Limits = field(default_factory=Limits)
    _known: Known = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = known_of(self.family, self.architecture, self.recipe, self.fixed, self.constraints)
        for section in ("architecture", "recipe"):
            own = {name: known.dimensions[name] for name in getattr(self, section)}
            object.__setattr__(self, section, own)
        object.__setattr__(self, "_known", known)

    def __repr__(self) -> str:
        """Describe it in one line, as a notebook shows it."""
        return f"SearchSpace(name={self.name!r}, family={self.family!r}, dimensions={len(self.dimensions)})"

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Return all dimensions in the order they are sampled, parents before children."""
        return self._known.dimensions

    @property
    def size(self) -> float:
        """Count the points, as if there were no constraints; infinite with a continuous dimension."""
        return size_of(self._known)

    def propose(self, suggest: Callable[[str, Dimension], Scalar]) -> Params:
        """Ask for a value of each active dimension, in order; whether constraints hold is not looked at."""
        chosen: dict[str, Scalar] = {}
        scope = Scope(self._known, chosen)
        for name, dimension in self.dimensions.items():
            if scope.active(name):
                chosen[name] = suggest(name, dimension)
        return chosen

    def sample(self, rng: random.Random) -> Params:
        """Draw a point that satisfies the constraints.

        Raises:
            SpecError: none was found; names the constraint that was broken most often.
        """
        broken: dict[str, int] = {}
        for _ in range(TRIES):
            params = self.propose(lambda _, dimension: dimension.sample(rng))
            violated = self.violated(params)
            if not violated:
                return params
            for text in violated:
                broken[text] = broken.get(text, 0) + 1
        worst = max(broken, key=lambda text: broken[text])
        message = f"none of {TRIES} points satisfies the constraints, {worst!r} was broken by {broken[worst]}"
        raise SpecError([Problem("space.constraints", message)])

    def active(self, params: Params) -> tuple[str, ...]:
        """Return the dimensions that have a value where the others have these, in order."""
        scope = Scope(self._known, params)
        return tuple(name for name in self.dimensions if scope.active(name))

    def contains(self, params: Params) -> bool:
        """Return whether this is a point: a value for each active dimension and no other, and no constraint broken."""
        inside = set(params) == set(self.active(params)) and all(
            self.dimensions[name].contains(value) for name, value in params.items()
        )
        return inside and not self.violated(params)

    def violated(self, params: Params) -> Mapping[str, float]:
        """Return, by the text of each broken constraint, how far it is from holding.

        One that needs the value of a dimension that is not active there holds.
        """
        scope = Scope(self._known, params)
        excesses = {constraint.text: excess_at(constraint, scope) for constraint in self.constraints}
        return {text: excess for text, excess in excesses.items() if excess > 0}

    def candidate(self, params: Params, seed: int) -> Candidate:
        """Fold a point into what is built and trained, with every hyper-parameter filled in."""
        return Scope(self._known, params).candidate(seed)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "family": self.family,
            "architecture": {name: dimension.to_json() for name, dimension in self.architecture.items()},
            "recipe": {name: dimension.to_json() for name, dimension in self.recipe.items()},
            "fixed": self.fixed.to_json(),
            "constraints": [constraint.text for constraint in self.constraints],
            "limits": self.limits.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "SearchSpace":
        """Undo `to_json`."""
        architecture, recipe = (
            {name: dimension_from_json(dimension) for name, dimension in document[section].items()}
            for section in ("architecture", "recipe")
        )
        constraints = tuple(Expression.parse(text) for text in document["constraints"])
        fixed, limits = Settings.from_json(document["fixed"]), Limits(**document["limits"])
        return cls(document["name"], document["family"], architecture, recipe, fixed, constraints, limits)
