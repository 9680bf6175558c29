"""Scope: the values of names at one point of a space: chosen, fixed, or by default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Scalar, Settings, Value
from search_spaces.dimensions import Dimension
from search_spaces.hyperparameters import Hyperparameter
from search_spaces.space.names import Place, Section, architecture_of, is_name, place_of, recipe_fields, settings_of
from search_spaces.space.recipes import MENUS

Field = tuple[Section, str]


class Inactive(Exception):  # no error: a point may leave it out
    """A dimension that has no value at this point."""


@dataclass(frozen=True, slots=True)
class Known:
    """Names of a space, whatever the point: dimensions, fixed values, and the names of each field."""

    family: str
    dimensions: Mapping[str, Dimension]
    fixed: Mapping[str, Value]
    places: Mapping[str, Place]
    by_field: Mapping[Field, tuple[str, ...]]
    """Names of dimensions and fixed values, the more dots the earlier."""

    @classmethod
    def of(cls, family: str, dimensions: Mapping[str, Dimension], fixed: Mapping[str, Value]) -> "Known":
        """Find the place of every name; SpecError for one that has none."""
        places = {name: place_of(family, name) for name in (*dimensions, *fixed)}
        by_field: dict[Field, tuple[str, ...]] = {}
        for name in sorted(places, key=lambda name: (-name.count("."), places[name].index)):
            by_field[places[name].field] = (*by_field.get(places[name].field, ()), name)
        return cls(family, dimensions, fixed, places, by_field)

    def named(self, name: str) -> tuple[str, ...]:
        """Return the dimensions that the value of a name may come from; what counts layers is one of them."""
        if name in self.dimensions or not is_name(self.family, name):
            return (name,) if name in self.dimensions else ()
        place = place_of(self.family, name)
        names = tuple(other for other in self.by_field.get(place.field, ()) if other in self.dimensions)
        counters = dict.fromkeys(self.places[other].counter for other in names if self.places[other].counter)
        return (*names, *(other for counter in counters for other in self.named(counter)))


class Scope(Mapping[str, Value]):
    """Looks names up at a point, which may be half chosen; one that is undecided or not open raises `Inactive`."""

    def __init__(self, known: Known, chosen: Mapping[str, Scalar]) -> None:
        self.known, self.chosen = known, chosen

    def __getitem__(self, name: str) -> Value:
        if name in self.chosen:
            return self.chosen[name]
        if name in self.known.dimensions:
            raise Inactive(name)
        if name not in self:
            raise KeyError(name)
        place = self.known.places.get(name) or place_of(self.known.family, name)
        if not self._open(place):
            raise Inactive(name)
        return self.value(place)

    def __contains__(self, name: object) -> bool:
        return is_name(self.known.family, str(name))

    def __iter__(self) -> Iterator[str]:
        own = (*architecture_of(self.known.family), *recipe_fields())
        return iter(dict.fromkeys((*own, *self.known.dimensions)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def active(self, name: str) -> bool:
        """Return whether a dimension has a value here."""
        when = self.known.dimensions[name].when
        try:
            return self._open(self.known.places[name]) and (when is None or when.excess(self) <= 0)
        except Inactive:
            return False

    def candidate(self, seed: int) -> Candidate:
        """Fold the flat names into what is built and trained; what is not open is as by default."""
        shape = {name: self.value(Place("architecture", item)) for name, item in self._hyperparameters().items()}
        plain = {name: self.value(Place("recipe", item)) for name, item in recipe_fields().items() if name not in MENUS}
        recipe = Recipe(self._named("optimizer"), self._named("schedule"), **plain)  # type: ignore[arg-type]
        return Candidate(Architecture(self.known.family, Settings(shape)), recipe, seed)

    def value(self, place: Place) -> Value:
        """Return what a field is: what the most special open name says, or its default."""
        names = self.known.by_field.get(place.field, ())
        anew = tuple(name for name in names if self.known.places[name].index >= 0)
        whole = tuple(name for name in names if name not in anew)
        if place.index >= 0:
            return self._layer(place, anew, whole, place.index)
        if not anew:
            return self._whole(place, whole)
        return tuple(self._layer(place, anew, whole, index) for index in range(self._count(place)))

    def _layer(self, place: Place, anew: tuple[str, ...], whole: tuple[str, ...], index: int) -> Scalar:
        for name in anew:
            if self.known.places[name].index == index and (found := self._given(name)) is not None:
                return _single(found)
        value = self._whole(place, whole)
        if not isinstance(value, tuple):
            return value
        return value[index] if index < len(value) else place.hyperparameter.default

    def _whole(self, place: Place, names: tuple[str, ...]) -> Value:
        for name in names:
            if (found := self._given(name)) is not None:
                return found
        if place.section in MENUS:
            return settings_of(place.section, self._choice(place.section))[place.hyperparameter.name].default
        return place.hyperparameter.default

    def _given(self, name: str) -> Value | None:
        """Return what the user or the sampler said, if that counts here; a whole number as real where that is meant."""
        kind = self.known.places[name].hyperparameter.kind
        if name in self.chosen:
            return kind(self.chosen[name])
        if name not in self.known.fixed or not self._opened(self.known.places[name]):
            return None
        value = self.known.fixed[name]
        return tuple(kind(item) for item in value) if isinstance(value, tuple) else kind(value)

    def _opened(self, place: Place) -> bool:
        try:
            return self._open(place)
        except Inactive:
            return False

    def _open(self, place: Place) -> bool:
        if place.parent and self[place.parent] not in place.options:
            return False
        return not place.counter or place.index < int(_single(self[place.counter]))

    def _count(self, place: Place) -> int:
        counter = self._hyperparameters()[place.hyperparameter.each]
        return int(_single(self.value(Place("architecture", counter))))

    def _choice(self, menu: str) -> str:
        return str(self.value(Place("recipe", recipe_fields()[menu])))

    def _named(self, menu: Section) -> Named:
        name = self._choice(menu)
        fields = settings_of(menu, name)
        return Named(name, Settings({key: self.value(Place(menu, item)) for key, item in fields.items()}))

    def _hyperparameters(self) -> dict[str, Hyperparameter]:
        return architecture_of(self.known.family)


def _single(value: Value) -> Scalar:
    assert not isinstance(value, tuple)
    return value
