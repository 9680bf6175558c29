"""The distribution is called nas-service, is typed and licensed, and holds every file that its packages need."""

import re
import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import pytest

import nas
from search_spaces.version import DISTRIBUTION

ROOT = Path(__file__).parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
PACKAGES = ("nas", "workers", "search_spaces")
TEXTS = (".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cff")
SKIPPED = {".venv", ".git", "build", "dist", "site", "__pycache__", "runs", ".mypy_cache", ".ruff_cache"}


def our_texts() -> list[Path]:
    found = [path for path in ROOT.rglob("*") if path.suffix in TEXTS or path.name in ("Dockerfile", "Makefile")]
    return [path for path in found if path.is_file() and not SKIPPED & {*path.relative_to(ROOT).parts}]


def test_the_code_knows_the_name_of_its_distribution() -> None:
    assert PROJECT["name"] == DISTRIBUTION


def test_nobody_is_sent_to_the_distribution_of_somebody_else() -> None:
    theirs = re.compile(r"(pip install|needs?|packages of)[^\n]{0,20}?[\s'\"`]nas\\*[\[`'\"]")
    sent = {str(path.relative_to(ROOT)): theirs.search(path.read_text("utf-8")) for path in our_texts()}
    assert len(sent) > 300
    assert {path: found[0] for path, found in sent.items() if found} == {}


def test_every_extra_that_a_text_names_exists() -> None:
    named = {
        extra.strip()
        for path in our_texts()
        for names in re.findall(r"nas-service\\?\[([\w, ]+)\\?\]", path.read_text("utf-8"))
        for extra in names.split(",")
    }
    assert {"ray", "onnx", "postgres", "cmaes"} <= named
    assert named <= {*PROJECT["optional-dependencies"]}


def test_the_version_is_that_of_the_distribution() -> None:
    assert nas.__version__ == installed_version("nas-service") == PROJECT["version"]


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_are_told_that_a_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_that_is_no_module_is_declared(package: str) -> None:
    globs = PYPROJECT["tool"]["setuptools"]["package-data"][package]
    declared = {path for glob in globs for path in (ROOT / package).glob(glob)}
    there = {path for path in (ROOT / package).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert there <= declared


def test_the_licence_is_named_and_there() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    assert all((ROOT / path).is_file() for path in PROJECT["license-files"])


def test_linux_is_the_only_system_that_is_named() -> None:
    systems = [line for line in PROJECT["classifiers"] if line.startswith("Operating System")]
    assert systems == ["Operating System :: POSIX :: Linux"]


def test_every_small_data_set_names_its_source_and_licence() -> None:
    folder = ROOT / "workers" / "tasks" / "_samples"
    rows = [line for line in (folder / "SOURCES.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    assert {re.findall(r"`(.+?)`", row)[0] for row in rows} == {path.name for path in folder.glob("*.gz")}
    assert all(row.count("|") == 5 and "https://" in row for row in rows)
