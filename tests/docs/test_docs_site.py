"""The documentation site shows every page, and fetches nothing from elsewhere; `make site` builds it strictly."""

import re
from typing import Any

import pytest
import yaml
from pages import PAGES, ROOT, path_of

TEXT = (ROOT / "mkdocs.yml").read_text("utf-8")
SITE: dict[str, Any] = yaml.safe_load(re.sub(r"!!python\S+", "", TEXT))
MODULES = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)


def test_the_navigation_has_every_page() -> None:
    shown = re.findall(r": (\S+\.md)$", TEXT, re.MULTILINE)
    made = {"index.md", "changelog.md"}
    assert sorted(shown) == sorted({path_of(page) for page in PAGES[1:]} | made)


def test_no_font_is_fetched() -> None:
    assert SITE["theme"]["font"] is False
    pictures = [path.read_text("utf-8") for path in (ROOT / "docs" / "images").glob("*.svg")]
    assert len(pictures) >= 2
    assert not [picture for picture in pictures if "@font-face" in picture]


def test_a_link_that_leads_nowhere_fails_the_build() -> None:
    assert SITE["strict"]
    assert {*SITE["validation"]["links"].values()} == {"warn"}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_reference_exists(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_the_reference_is_not_empty() -> None:
    assert len(MODULES) > 15
