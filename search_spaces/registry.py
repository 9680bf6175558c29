"""Menus: a folder of files is a menu of names, and other distributions add theirs through entry points.

The file name is the name in YAML, its first docstring line the description, and the one class whose name is the
file's in CamelCase is what the name stands for: `families/mlp.py` holds `class Mlp`.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from search_spaces.errors import NasError, UnknownName


@dataclass(frozen=True, slots=True)
class Menu:
    """The names that one folder offers, e.g. `Menu("search_spaces.families", "family")`."""

    package: str
    noun: str
    besides: tuple[str, ...] = ()
    """Files of the folder that are no entries."""

    def names(self) -> tuple[str, ...]:
        """List the names, sorted, without importing what they stand for."""
        return _names(self)

    def describe(self, name: str) -> str:
        """Return the first docstring line of an entry; a file of ours is read, not imported.

        Of another distribution's entry that does not import, say so: it must not spoil the list it is in.
        """
        self.require(name)
        path = _files(self.package).get(name)
        if path is None:
            try:
                return (self.load(name).__doc__ or "").strip().partition("\n")[0]
            except NasError as error:
                return str(error)
        return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]

    def load(self, name: str) -> Any:
        """Import an entry and return the class it stands for.

        Raises:
            UnknownName: no such entry.
            NasError: another distribution's entry that does not import.
        """
        return _loaded(self, name)

    def require(self, name: str) -> None:
        """Raise UnknownName, with the nearest match, unless the name is on the menu."""
        if name not in self.names():
            raise UnknownName(self.noun, name, self.names())


def camel_case(name: str) -> str:
    """Turn a file's name into its class's: `breast_cancer` → `BreastCancer`."""
    return "".join(part.capitalize() for part in name.split("_"))


@cache
def _names(menu: Menu) -> tuple[str, ...]:
    return tuple(sorted({*_files(menu.package), *_plugins(menu.package)} - {*menu.besides}))


@cache  # asked for every op of every network
def _loaded(menu: Menu, name: str) -> Any:
    menu.require(name)
    if name in _files(menu.package):
        return getattr(import_module(f"{menu.package}.{name}"), camel_case(name))
    return _load_plugin(_plugins(menu.package)[name], menu.noun)


@cache
def _files(package: str) -> dict[str, Path]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(next(iter(spec.submodule_search_locations)))
    return {
        path.stem: path
        for path in sorted(folder.glob("*.py"))
        if not path.stem.startswith("_") and path.stem != "protocol"
    }


@cache
def _plugins(package: str) -> dict[str, EntryPoint]:
    group = f"nas.{package.rpartition('.')[2]}"
    return {point.name: point for point in entry_points(group=group)}


def _load_plugin(point: EntryPoint, noun: str) -> Any:
    try:
        return point.load()
    except Exception as error:  # another distribution's code may raise anything while it imports
        raise NasError(f"the {noun} {point.name!r} of {point.value!r} does not import: {error}") from error
