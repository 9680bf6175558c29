"""A study's name: what it may be, whether a file, the command line or Python code gives it."""

import re

from search_spaces.errors import Problem, SpecError

PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ALLOWED = "small letters, digits, dots, - and _, at most 64, the first a letter or digit"


def require_name(name: str) -> str:
    """Return a name that a study may have; raise SpecError for any other."""
    if not PATTERN.fullmatch(name):
        raise SpecError([Problem("name", f"needs {ALLOWED}, got {name!r}", hint=better_name(name))])
    return name


def better_name(name: str) -> str:
    """Suggest a name that is allowed and near to this one; empty where none is."""
    better = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:64]
    return f"try {better}" if better else ""
