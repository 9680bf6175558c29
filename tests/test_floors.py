"""What no contract of imports in pyproject.toml can say: circles through `__init__`, what is loaded, how files look."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "workers", "nas")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports_of(module: str) -> set[str]:
    """Every module named in an import statement of a file, wherever it stands."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            source = node.module or ""
            names |= {f"{source}.{a.name}" if f"{source}.{a.name}" in MODULES else source for a in node.names}
    return names


IMPORTS = {module: imports_of(module) for module in MODULES}


def test_there_are_modules_to_walk() -> None:
    assert len(MODULES) > 100


def test_no_circle_of_imports() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"circle: {' → '.join((*path[path.index(module) :], module))}"
        if module not in done:
            for name in sorted(IMPORTS[module] & MODULES.keys()):
                visit(name, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_every_menu_has_one_noun() -> None:
    nouns: dict[str, set[str]] = {}
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Menu":
                package, noun = (ast.literal_eval(value) for value in node.args[:2])
                nouns.setdefault(package, set()).add(noun)
    assert len(nouns) > 10
    assert all(len(found) == 1 for found in nouns.values()), nouns


def top_level_packages(statement: str) -> set[str]:
    """Which packages a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def light_modules() -> Iterator[str]:
    yield from (
        "search_spaces.space.search_space",
        "search_spaces.space_file.load",
        "nas",
        "nas.storage",
        "nas.study_file.load",
    )
    yield from ("nas.samplers", "nas.pruners", "nas.executors", "workers.messages", "workers.exporters", "nas.study")


def test_deciding_and_remembering_never_load_torch() -> None:
    loaded = top_level_packages("\n".join(f"import {name}" for name in light_modules()))
    assert not loaded & {"torch", "optuna", "sklearn", "pandas", "ray"}


WORDS = ("experiment", "manager", "helper", "util", "common", "handler")


@pytest.mark.parametrize("word", WORDS)
def test_no_file_bears_a_banned_word(word: str) -> None:
    assert not [name for name in MODULES if word in name]


def test_every_file_opens_with_a_sentence() -> None:
    silent = [name for name, path in MODULES.items() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent


def test_no_file_is_longer_than_350_lines() -> None:
    assert not {name: n for name, path in MODULES.items() if (n := path.read_text("utf-8").count("\n")) > 350}
