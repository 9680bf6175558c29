"""Every error has a section that says when it is raised, what to do, and its exit code."""

import re
from collections.abc import Iterator

import pytest
from pages import ROOT

import workers.errors  # noqa: F401  # its errors are found as subclasses
from nas.cli.exit_codes import CODES
from search_spaces.errors import NasError

TEXT = (ROOT / "docs" / "errors.md").read_text("utf-8")


def _below(kind: type[NasError]) -> Iterator[type[NasError]]:
    for child in kind.__subclasses__():
        if child.__module__ in ("nas.errors", "workers.errors", "search_spaces.errors"):  # others reach no user
            yield child
            yield from _below(child)


ERRORS = sorted(set(_below(NasError)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_is_documented(kind: type[NasError]) -> None:
    section = re.search(rf"^## {kind.__name__}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert section, f"docs/errors.md says nothing of {kind.__name__}"
    code = next((code for parent, code in CODES.items() if issubclass(kind, parent)), 1)
    assert "\nDo: " in section[1]
    assert re.search(rf"Exit\s+code {code}[.;]", section[1])


def test_the_tree_shows_every_error() -> None:
    assert {kind.__name__ for kind in ERRORS} == set(re.findall(r"^[├└]── (\w+)", TEXT, re.MULTILINE))
    assert len(ERRORS) == 17


def test_no_section_is_of_an_error_that_is_gone() -> None:
    assert set(re.findall(r"^## (\w+)", TEXT, re.MULTILINE)) == {kind.__name__ for kind in ERRORS}
