"""The pages on the architecture name files and classes that exist, and show the floors as the code has them."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from pages import PAGES, ROOT, path_of

NAMED = [page for page in PAGES[1:] if path_of(page) == "architecture.md" or path_of(page).startswith("internals/")]
FILES = [
    pytest.param(name, id=f"{path_of(page)}: {name}")
    for page in NAMED
    for name in sorted(set(re.findall(r"`([\w./-]+(?:/|\.(?:py|cpp|h|hpp|toml|yaml|md)))`", page.read_text("utf-8"))))
]
TABLE = re.findall(r"^\| (`[\w`, ]+`) \| (`[\w`, /.]+`) \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.M)


def _floors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("floors", ROOT / "docs" / "floors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_exists(name: str) -> None:
    assert any((ROOT / package / name).exists() for package in ("", "nas", "workers", "search_spaces"))


def test_files_are_named() -> None:
    assert len(FILES) > 50


@pytest.mark.parametrize(("classes", "files"), TABLE)
def test_a_class_is_in_the_file_that_the_table_says(classes: str, files: str) -> None:
    texts = [(ROOT / file).read_text("utf-8") for file in re.findall(r"`([^`]+)`", files)]
    missing = [name for name in re.findall(r"`(\w+)`", classes) if not any(f"\nclass {name}" in text for text in texts)]
    assert not missing


def test_the_table_names_the_classes_that_matter() -> None:
    assert len(TABLE) >= 30


def test_the_picture_of_the_floors_is_as_new_as_the_code() -> None:
    floors = _floors()
    assert Path(floors.PICTURE).read_text("utf-8") == floors.drawn(), "run `python -m docs.floors`"
