"""Reads the pages: their fenced blocks with the place of each; and the tests that they name."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, its page and the line it begins on."""

    language: str
    text: str
    page: Path
    line: int

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def path_of(page: Path) -> str:
    """Return a page of the documentation as links of that folder have it."""
    return page.relative_to(ROOT / "docs").as_posix()


def blocks(language: str, *pages: Path) -> list[Block]:
    """List the blocks of a language, of these pages or of all."""
    return [block for page in pages or PAGES for block in _of_page(page) if block.language == language]


def functions_of(path: Path) -> dict[str, str]:
    """Return the tests of a file, each with the names of its decorators."""
    return {
        item.name: " ".join(map(ast.unparse, item.decorator_list))
        for item in ast.parse(path.read_text("utf-8")).body
        if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")
    }


def _of_page(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for match in _FENCE.finditer(text):
        yield Block(match[1], match[2], page, text.count("\n", 0, match.start()) + 2)
