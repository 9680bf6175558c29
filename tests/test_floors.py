"""The house keeps its walls: imports point down, and each heavy package lives behind one door."""

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


def users_of(package: str) -> set[str]:
    return {
        module for module, names in IMPORTS.items() if any(n == package or n.startswith(f"{package}.") for n in names)
    }


def is_in(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


def test_there_are_modules_to_walk() -> None:
    assert len(MODULES) > 100


def test_search_spaces_import_nothing_of_workers_or_nas() -> None:
    assert not {m for m in users_of("workers") | users_of("nas") if is_in(m, "search_spaces")}


def test_workers_import_nothing_of_nas() -> None:
    assert not {m for m in users_of("nas") if is_in(m, "workers")}


def test_nas_reaches_workers_through_its_doors() -> None:
    doors = {
        "workers.cancellation",
        "workers.messages",
        "workers.metric_names",
        "workers.worker",
        "workers.exporters",
        "workers.errors",
        "workers.file_store",
        "workers.temporary_folders",
    }
    through = {name for module, names in IMPORTS.items() if is_in(module, "nas") for name in names}
    assert {name for name in through if is_in(name, "workers") and name != "workers"} <= doors


def test_only_executors_open_the_door_to_training() -> None:
    inside = {module for module in users_of("workers.worker") if is_in(module, "nas")}
    assert {module for module in inside if not is_in(module, "nas.executors")} == {"nas.tune.training"}


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("torch", ("workers",)),
        ("optuna", ("nas.samplers.optuna", "nas.pruners._optuna", "nas.dashboard")),
        ("optuna_dashboard", ("nas.dashboard.server",)),
        ("waitress", ("nas.dashboard.server",)),
        (
            "ray",
            (
                "nas.executors._ray.task_files",
                "nas.executors._ray.host",
                "nas.executors._ray.nodes",
                "nas.executors._ray.actor",
                "nas.tune",
            ),
        ),
        ("fsspec", ("workers.file_store",)),
        ("sqlalchemy", ("nas.storage", "nas.dashboard.optuna_tables")),
        ("alembic", ("nas.storage",)),
        ("fastapi", ("nas.service",)),
        ("typer", ("nas.cli",)),
        ("rich", ("nas.cli",)),
        ("sklearn", ()),
    ],
)
def test_a_package_is_used_only_at_home(package: str, homes: tuple[str, ...]) -> None:
    assert not {m for m in users_of(package) if not any(is_in(m, home) for home in homes)}


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
