"""Every link of the pages leads somewhere."""

import re
from pathlib import Path

import pytest
from pages import PAGES, ROOT, path_of

EVERYTHING = {*PAGES, *ROOT.glob("*.md"), *ROOT.glob(".github/*.md")}
LINKS = [
    pytest.param(page, match[1], id=f"{page.name}: {match[1]}")
    for page in sorted(EVERYTHING)
    for match in re.finditer(r"\]\((?!https://)([^)\s]+)\)", page.read_text("utf-8"))
]


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_a_link_leads_somewhere(page: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    assert target.is_file()
    assert not anchor or anchor in _anchors(target.read_text("utf-8"))


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"(docs/{path_of(page)})" in readme for page in PAGES[1:])
    assert len(PAGES) >= 11


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9_ -]", "", title.lower()).strip().replace(" ", "-") for title in titles}
