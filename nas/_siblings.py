"""Loader of sibling packages: `workers` and `search_spaces` are those installed beside `nas`.

Python looks for a module in the folder of the running script first, so that a `workers.py` beside it would be found in
place of ours. Ours are therefore loaded from where `nas` is; what the user's own module of that name holds is found
through them.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

SIBLINGS = ("search_spaces", "workers")


def load_siblings(home: Path) -> None:
    """Load the packages beside `nas` from the folder that holds it, unless they are loaded already."""
    for name in SIBLINGS:
        loaded = sys.modules.get(name)
        if not (loaded and _is_ours(loaded, home)) and (home / name / "__init__.py").is_file():
            _load(name, home, loaded)


def _is_ours(module: ModuleType, home: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and Path(str(file)).resolve() == (home / module.__name__ / "__init__.py").resolve()


def _load(name: str, home: Path, theirs: ModuleType | None) -> None:
    folder = home / name
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    for loaded in [key for key in sys.modules if key.startswith(f"{name}.")]:
        if _has(folder, loaded.split(".")[1]):
            del sys.modules[loaded]
    sys.modules[name] = module
    spec.loader.exec_module(module)
    module.__path__ = [*module.__path__, *getattr(theirs, "__path__", ())]
    module.__getattr__ = _Theirs(name, home, theirs).find  # type: ignore[method-assign]


def _has(folder: Path, submodule: str) -> bool:
    return (folder / f"{submodule}.py").is_file() or (folder / submodule).is_dir()


class _Theirs:
    """The user's own module of a name that is ours, imported when something of it is wanted."""

    def __init__(self, name: str, home: Path, module: ModuleType | None) -> None:
        self._name, self._home, self._module = name, home, module

    def find(self, attribute: str) -> object:
        """Return what the user's module calls so; raise AttributeError where ours has a file of that name."""
        wanted = not attribute.startswith("__") and not _has(self._home / self._name, attribute)
        module = self._found() if wanted else None
        if module is None:
            raise AttributeError(f"module {self._name!r} has no attribute {attribute!r}")
        return getattr(module, attribute)

    def _found(self) -> ModuleType | None:
        if self._module is None:
            places = [place for place in sys.path if Path(place).resolve() != self._home.resolve()]
            spec = PathFinder.find_spec(self._name, places)
            if spec is not None and spec.loader is not None:
                self._module = module_from_spec(spec)
                spec.loader.exec_module(self._module)
        return self._module
