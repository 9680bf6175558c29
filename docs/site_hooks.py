"""Hooks of the documentation site: the README is its first page, and links out of this folder lead to the repository.

The pages are written to be read on GitHub too, where a link is a path in the repository.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/nas-service/nas-service/blob/main"
FROM_THE_ROOT = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}
_LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie at the root of the repository."""
    for name, source in FROM_THE_ROOT.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, name, content=_LINK.sub(lambda link: link[1] + from_docs(link[2]), text)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn a link to a file outside the documentation into one to the repository."""
    return _LINK.sub(lambda link: link[1] + on_the_site(link[2], page.file.src_uri), markdown)


def from_docs(path: str) -> str:
    """Return a path that began at the root of the repository as it is from the folder of the pages."""
    return posixpath.relpath(path, "docs")


def on_the_site(path: str, page: str) -> str:
    """Return a link of a page as the site has it; both paths begin at the folder of the pages."""
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), path))
    return path if target.startswith("docs/") else f"{REPOSITORY}/{target}"
