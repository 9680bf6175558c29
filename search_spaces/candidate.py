"""A candidate: the architecture that shapes a network, the recipe that trains it, and the seed of its randomness."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...]
Params = Mapping[str, Scalar]
"""What a sampler proposes: one value for each active dimension, by its flat name (`width.0`, `optimizer.sgd.lr`)."""


class Settings(Mapping[str, Value]):
    """A frozen, hashable, ordered mapping of hyper-parameter to value."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Value] | None = None, /, **more: Value) -> None:
        self._items: dict[str, Value] = {**(items or {}), **more}

    def __getitem__(self, key: str) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"Settings({self._items!r})"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: tuples become lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self._items.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Settings":
        """Undo `to_json`."""
        return cls({key: tuple(value) if isinstance(value, list) else value for key, value in document.items()})


@dataclass(frozen=True, slots=True)
class Named:
    """A name from a menu and its own hyper-parameters: an optimizer, a schedule, a sampler, a task."""

    name: str
    settings: Settings = field(default_factory=Settings)

    def to_json(self) -> dict[str, Any]:
        """Return `{name: settings}` as plain JSON values."""
        return {"name": self.name, "settings": self.settings.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Named":
        """Undo `to_json`."""
        return cls(document["name"], Settings.from_json(document["settings"]))


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sampled hyper-parameters that shape a network; one sampled anew for each layer is a tuple."""

    family: str
    settings: Settings = field(default_factory=Settings)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"family": self.family, **self.settings.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Architecture":
        """Undo `to_json`."""
        rest = {key: value for key, value in document.items() if key != "family"}
        return cls(document["family"], Settings.from_json(rest))


@dataclass(frozen=True, slots=True)
class Recipe:
    """The sampled hyper-parameters that train a network.

    `warmup` is the share of all steps with a linearly rising learning rate, 0 to 1; `gradient_clipping` the largest
    global L2 norm of the gradient, 0 for none; `weight_decay` the optimizer's own (decoupled where the optimizer
    decouples it); `label_smoothing` is for cross-entropy alone.
    """

    optimizer: Named = Named("adamw", Settings(lr=1e-3))
    schedule: Named = Named("constant")
    batch_size: int = 32
    warmup: float = 0.0
    gradient_clipping: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "optimizer": self.optimizer.to_json(),
            "schedule": self.schedule.to_json(),
            "batch_size": self.batch_size,
            "warmup": self.warmup,
            "gradient_clipping": self.gradient_clipping,
            "weight_decay": self.weight_decay,
            "label_smoothing": self.label_smoothing,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Recipe":
        """Undo `to_json`."""
        named = {key: Named.from_json(document[key]) for key in ("optimizer", "schedule")}
        return cls(**{**document, **named})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Architecture, recipe and the seed of its initial weights and dropout."""

    architecture: Architecture
    recipe: Recipe
    seed: int
    _text: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def written(cls, text: str) -> "Candidate":
        """Return the candidate whose JSON this is; it is read when it is first looked at, since few of many are."""
        candidate = object.__new__(cls)
        object.__setattr__(candidate, "_text", text)
        return candidate

    if not TYPE_CHECKING:  # mypy shall know what a candidate has

        def __getattr__(self, name: str) -> Any:  # of a field that is not there yet
            if name not in ("architecture", "recipe", "seed"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            known = Candidate.from_json(json.loads(self._text))
            for part in ("architecture", "recipe", "seed"):
                object.__setattr__(self, part, getattr(known, part))
            object.__setattr__(self, "_text", "")
            return getattr(self, name)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"architecture": self.architecture.to_json(), "recipe": self.recipe.to_json(), "seed": self.seed}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Candidate":
        """Undo `to_json`."""
        return cls(
            Architecture.from_json(document["architecture"]), Recipe.from_json(document["recipe"]), document["seed"]
        )
