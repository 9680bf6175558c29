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
    group: str = ""
    """The group of entry points, where it is not `nas.` and the name of the folder."""

    def names(self) -> tuple[str, ...]:
        """List the names, sorted, without importing what they stand for."""
        return _names(self)

    def own_names(self) -> tuple[str, ...]:
        """List those of our own files alone; nothing of another distribution is imported before it is named."""
        return tuple(name for name in _names(self) if name in _files(self.package))

    def describe(self, name: str) -> str:
        """Return the first docstring line of an entry, or of whom it is; nothing is imported to list it."""
        self.require(name)
        path = _files(self.package).get(name)
        if path is None:
            return f"from {_origin(_plugins(self)[name])}"
        return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]

    def whose(self, name: str) -> str:
        """Name an entry, and the distribution that it comes from where that is another: whom to blame."""
        point = None if name in _files(self.package) else _plugins(self).get(name)
        return f"the {self.noun} {name!r}" + (f" from {_origin(point)}" if point else "")

    def load(self, name: str) -> Any:
        """Import an entry and return the class it stands for.

        Raises:
            UnknownName: no such entry.
            NasError: another distribution's entry that does not import, or is no class or function.
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
    return tuple(sorted({*_files(menu.package), *_plugins(menu)}))


@cache  # asked for every op of every network
def _loaded(menu: Menu, name: str) -> Any:
    menu.require(name)
    if name in _files(menu.package):
        return getattr(import_module(f"{menu.package}.{name}"), camel_case(name))
    return _load_plugin(_plugins(menu)[name], menu.whose(name))


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
def _plugins(menu: Menu) -> dict[str, EntryPoint]:
    group = menu.group or f"nas.{menu.package.rpartition('.')[2]}"
    return {point.name: point for point in entry_points(group=group)}


def _load_plugin(point: EntryPoint, who: str) -> Any:
    """Import another distribution's entry: its code may raise anything meanwhile, and end the process."""
    try:
        entry = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        said = f"it calls exit: {error}" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
        raise NasError(f"{who} does not import: {said}") from error
    if not callable(entry):
        raise NasError(f"{who} is no class or function, but {entry!r}")
    return entry


def _origin(point: EntryPoint) -> str:
    """Name a distribution, and the place in it."""
    made = f"{point.dist.name} {point.dist.version}" if point.dist else "a distribution without a name"
    return f"{made} ({point.value})"
