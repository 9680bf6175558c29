"""Resolution of flat names: `width.0`, `norm.group.groups`, `optimizer.sgd.lr`, or flat `groups` and `lr`."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from search_spaces.errors import Problem, SpecError, UnknownName, nearest
from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.registry import Menu
from search_spaces.space.recipes import MENUS, recipe

FAMILIES = Menu("search_spaces.families", "family")

Section = Literal["architecture", "recipe", "optimizer", "schedule"]
MENU_SECTIONS: tuple[Section, ...] = ("optimizer", "schedule")


@dataclass(frozen=True, slots=True)
class Place:
    """Meaning of a flat name: a field of the architecture, of the recipe, or of its optimizer or schedule.

    `parent` is the choice that opens it and `options` those that do; `index` is that of one sampled anew, else -1.
    """

    section: Section
    hyperparameter: Hyperparameter
    parent: str = ""
    options: tuple[str, ...] = ()
    index: int = -1

    @property
    def field(self) -> tuple[Section, str]:
        """Return what it sets, whatever it was called."""
        return self.section, self.hyperparameter.name

    @property
    def counter(self) -> str:
        """Return the hyper-parameter that must be larger than the index, or an empty text."""
        return self.hyperparameter.each if self.index >= 0 else ""


@cache
def architecture_of(family: str) -> dict[str, Hyperparameter]:
    """Return the hyper-parameters of a family by name, in order."""
    return {item.name: item for item in hyperparameters(FAMILIES.load(family))}


@cache
def settings_of(menu: str, name: str) -> dict[str, Hyperparameter]:
    """Return the hyper-parameters of an optimizer or schedule by name, in order."""
    return {item.name: item for item in hyperparameters(MENUS[menu].load(name))}


@cache
def all_settings(menu: str) -> dict[str, dict[str, Hyperparameter]]:
    """Return those of each of our optimizers or schedules; one from elsewhere is imported when a study names it."""
    return {name: settings_of(menu, name) for name in MENUS[menu].own_names()}


@cache
def recipe_fields() -> dict[str, Hyperparameter]:
    """Return the hyper-parameters of a recipe by name, in order."""
    return {item.name: item for item in recipe()}


@cache
def place_of(family: str, name: str) -> Place:
    """Return where a flat name belongs.

    Raises:
        SpecError: nothing is called so; names the nearest match.
    """
    head, *rest = name.split(".")
    known = architecture_of(family)
    if head in known:
        return _in_architecture(known, name, known[head], rest)
    if head in MENUS and rest:
        return _in_menu(name, head, rest)
    if head in recipe_fields() and not rest:
        return Place("recipe", recipe_fields()[head])
    flat = None if rest else _flat(head)
    if flat is None:
        raise _unknown(name, head, (*known, *recipe_fields()))
    return flat


@cache
def is_name(family: str, name: str) -> bool:
    """Return whether anything is called so."""
    try:
        return bool(place_of(family, name))
    except SpecError:
        return False


def _in_architecture(known: dict[str, Hyperparameter], name: str, head: Hyperparameter, rest: list[str]) -> Place:
    if len(rest) >= 2 and rest[0] in head.options:
        inside = {item.name: item for item in known.values() if item.when == (head.name, rest[0])}
        if rest[1] not in inside:
            raise _unknown(name, rest[1], tuple(inside))
        head, rest = inside[rest[1]], rest[2:]
    parent, option = head.when
    index = int(rest[0]) if len(rest) == 1 and rest[0].isdecimal() and head.each else -1
    if rest and index < 0:
        what = "is one value for the whole network" if rest[0].isdecimal() else f"opens no {'.'.join(rest)!r}"
        raise _wrong(name, f"{head.name} {what}")
    return Place("architecture", head, parent, (option,) if parent else (), index)


def _in_menu(name: str, menu: str, rest: list[str]) -> Place:
    if len(rest) != 2:
        raise _wrong(name, f"write {menu}.<name>.<hyper-parameter>")
    try:
        inside = settings_of(menu, rest[0])
    except UnknownName as error:
        raise _wrong(name, str(error)) from error
    if rest[1] not in inside:
        raise _unknown(name, rest[1], tuple(inside))
    return Place("optimizer" if menu == "optimizer" else "schedule", inside[rest[1]], menu, (rest[0],))


def _flat(name: str) -> Place | None:
    """Find a setting without its optimizer or schedule: `lr` belongs to every optimizer of ours that has one."""
    for menu in MENU_SECTIONS:
        options = tuple(option for option, settings in all_settings(menu).items() if name in settings)
        if options:
            return Place(menu, settings_of(menu, options[0])[name], menu, options)
    return None


def _unknown(path: str, given: str, allowed: tuple[str, ...]) -> SpecError:
    return _wrong(path, f"unknown hyper-parameter {given!r}{nearest(given, allowed)}")


def _wrong(path: str, message: str) -> SpecError:
    return SpecError([Problem(path, message)])
