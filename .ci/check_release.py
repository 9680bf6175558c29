"""Check before a release: the tag, pyproject.toml, CITATION.cff and the changelog name one version.

    python .ci/check_release.py v1.2.3      prints the changelog's section of that version

It needs Python alone.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(tag: str) -> None:
    """Print what the changelog says of the version, or end with what does not fit."""
    version = tag.removeprefix("v")
    mistakes = mistakes_of(tag, version)
    if mistakes:
        sys.exit("\n".join(f"error: {mistake}" for mistake in mistakes))
    sys.stdout.write(changes(version))


def mistakes_of(tag: str, version: str) -> list[str]:
    """List every place that names another version than the tag."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    found = []
    if not re.fullmatch(r"v\d+\.\d+\.\d+(rc\d+)?", tag):
        found.append(f"the tag {tag!r} is not like v1.2.3 or v1.2.3rc1")
    if project != version:
        found.append(f"pyproject.toml says {project}, the tag {version}")
    if cited != [version]:
        found.append(f"CITATION.cff says {', '.join(cited)}, the tag {version}")
    if not changes(version):
        found.append(f"CHANGELOG.md has no section '## {version}' with a date in parentheses")
    return found


def changes(version: str) -> str:
    """Return the changelog's section of a version, without its title; empty where there is none with a date."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    match = re.search(
        rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return match[1].strip() + "\n" if match else ""


if __name__ == "__main__":
    main(sys.argv[1])
