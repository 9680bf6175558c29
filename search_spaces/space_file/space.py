"""Dimensions and fixed values of one space, collected hyper-parameter by hyper-parameter."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from search_spaces.candidate import Settings, Value
from search_spaces.dimensions import Choice, Dimension, Int
from search_spaces.documents.cursor import Cursor
from search_spaces.errors import Problem, SpecError, nearest
from search_spaces.expressions import Expression
from search_spaces.hyperparameters import Hyperparameter
from search_spaces.space import Limits, SearchSpace
from search_spaces.space.names import all_settings, architecture_of, place_of, recipe_fields, settings_of
from search_spaces.space.recipes import MENUS, opened_by
from search_spaces.space_file.conditions import expression
from search_spaces.space_file.dimensions import Written, written

MAX_DIMENSIONS = 256


def keys_of(family: str) -> dict[str, Hyperparameter]:
    """List what a space of a family may set, by key; `lr` alone is that of every optimizer of ours that has one."""
    flat = [key for menu in MENUS for settings in all_settings(menu).values() for key in settings]
    own = {**architecture_of(family), **recipe_fields()}
    return {**own, **{key: place_of(family, key).hyperparameter for key in flat if key not in own}}


class Reading:
    """Takes the entries of one space, then makes it."""

    def __init__(self, cursor: Cursor, family: str) -> None:
        self.cursor, self.family = cursor, family
        self.keys = keys_of(family)
        self.own = architecture_of(family)
        self.rare = set(self.keys) - set(self.own) - set(recipe_fields())
        self.fixed: dict[str, Value] = {}
        self.dimensions: dict[str, Dimension] = {}
        self.places: dict[str, Cursor] = {}
        self.ranks: dict[str, int] = {}

    def take(self, fields: Mapping[str, Cursor]) -> None:
        """Read every hyper-parameter, those that count or open others first; the rest keep their defaults."""
        ranks = {key: rank for rank, key in enumerate(fields)}
        above = {name for hyper in self.own.values() for name in (hyper.each, hyper.when[0])} | set(MENUS)
        for key in sorted((key for key in fields if key in self.keys), key=lambda key: key not in above):
            self._refuse_useless(key, fields[key])
            self._take(self.keys[key], fields[key], key)
            self.ranks.update({name: ranks[key] for name in self.dimensions if name not in self.ranks})
        for key, hyper in {**self.own, **recipe_fields()}.items():
            if not hyper.when[0] or hyper.when[1] in self._options(hyper.when[0]):
                self._fill(hyper, key)
        for menu in MENUS:
            for option in self._options(menu):
                for hyper in settings_of(menu, option).values():
                    self._fill(hyper, f"{menu}.{option}.{hyper.name}", hyper.name)

    def space(self, name: str, limits: Limits, constraints: Cursor | None) -> SearchSpace | None:
        """Put constraints in place and make the space; None after a mistake."""
        if len(self.dimensions) > MAX_DIMENSIONS:
            self.cursor.mistake(f"has more than {MAX_DIMENSIONS} dimensions", "sample fewer layers anew")
            return None
        wanted = tuple(self._constraints(constraints)) if constraints else ()
        ordered = {name: self.dimensions[name] for name in sorted(self.dimensions, key=lambda name: self.ranks[name])}
        own = {name: found for name, found in ordered.items() if self._shapes(name)}
        rest = {name: found for name, found in ordered.items() if name not in own}
        try:
            return SearchSpace(name, self.family, own, rest, Settings(self.fixed), wanted, limits)
        except SpecError as error:
            self._place(error.problems)
            return None

    def _take(self, hyper: Hyperparameter, cursor: Cursor, name: str) -> None:
        found = written(hyper, cursor)
        if isinstance(found.value, Dimension):
            when = self._expression(found.when) if found.when else None
            for flat in self._layers(hyper, name) if found.each else (name,):
                self.dimensions[flat] = replace(found.value, when=when)
                self.places[flat] = found.when or cursor
        elif found.value is not None:
            self.fixed[name] = found.value
            self.places[name] = cursor
            if found.when is not None:
                found.when.mistake("a condition is for a range or a choice, and this is one value", "leave it out")
        self._take_opened(hyper, found)

    def _take_opened(self, hyper: Hyperparameter, found: Written) -> None:
        for option, below in found.opened.items():
            children = {child.name: child for child in opened_by(hyper.name, option, tuple(self.own.values()))}
            for key, cursor in below.fields(children, f"the settings of {option}, or nothing").items():
                self._take(children[key], cursor, f"{hyper.name}.{option}.{key}" if hyper.name in MENUS else key)

    def _refuse_useless(self, key: str, cursor: Cursor) -> None:
        """Report a hyper-parameter that no option in this space opens."""
        place = place_of(self.family, key)
        options = self._options(place.parent) if place.parent else ()
        if place.parent and not set(options) & set(place.options):
            needed, given = " or ".join(place.options), " or ".join(options)
            cursor.mistake(f"is for {place.parent}: {needed} alone, and {place.parent} is {given} here")

    def _options(self, choice: str) -> tuple[str, ...]:
        found = self.dimensions.get(choice)
        if isinstance(found, Choice):
            return tuple(str(option) for option in found.options)
        return (str(self.fixed.get(choice, self.keys[choice].default)),)

    def _layers(self, hyper: Hyperparameter, name: str) -> Iterator[str]:
        """Yield the name of each layer that may sample this anew."""
        found = self.dimensions.get(hyper.each, self.fixed.get(hyper.each, self.keys[hyper.each].default))
        if isinstance(found, Choice):
            most = max(int(option) for option in found.options)
        else:
            most = found.high if isinstance(found, Int) else int(str(found))
        yield from (f"{name}.{index}" for index in range(min(most, MAX_DIMENSIONS + 1)))

    def _fill(self, hyper: Hyperparameter, name: str, flat: str = "") -> None:
        if not {name, f"{name}.0", flat or name} & {*self.dimensions, *self.fixed}:
            self.fixed[name] = hyper.default

    def _shapes(self, name: str) -> bool:
        return place_of(self.family, name).section == "architecture"

    def _constraints(self, cursor: Cursor) -> Iterator[Expression]:
        for item in cursor.items("a list of expressions, such as ['sum(width) <= 512']"):
            if found := self._expression(item):
                yield found

    def _expression(self, cursor: Cursor) -> Expression | None:
        """Read an expression over the names of this space; a bare word in it is one of its options."""
        options = {option for hyper in self.keys.values() for option in hyper.options}

        def check(name: str) -> None:
            try:
                place_of(self.family, name)
            except SpecError as error:
                names = (*self.own, *recipe_fields(), *options)
                plain = Problem("", f"unknown name {name!r}{nearest(name, names)}")
                raise SpecError([error.problems[0] if "." in name else plain]) from error

        return expression(cursor, check, options)

    def _place(self, problems: tuple[Problem, ...]) -> None:
        """Report what the space found wrong where it is written, once for all layers."""
        told: set[tuple[int, str]] = set()
        for problem in problems:
            cursor = self.places.get(problem.path, self.cursor)
            if (id(cursor), problem.message) not in told:
                cursor.mistake(problem.message, problem.hint)
            told.add((id(cursor), problem.message))
