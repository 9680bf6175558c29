"""Reads docker-compose.yml as Docker would, and the Dockerfile, into what the tests look at."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_REFERENCE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_STEP = re.compile(r"^([A-Z]+)\s+(.*)$")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a Dockerfile, and the number of its stage."""

    stage: int
    verb: str
    text: str


def compose(variables: dict[str, str] | None = None, name: str = "docker-compose.yml") -> dict[str, Any]:
    """Return the file, merged, with its references to variables filled in."""
    text = (ROOT / name).read_text("utf-8")
    return _filled(yaml.safe_load(text), variables or {})  # type: ignore[no-any-return]


def _filled(node: Any, variables: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, variables) for value in node]
    if isinstance(node, str):
        return _REFERENCE.sub(lambda match: variables.get(match[1]) or match[2] or "", node)
    return node


def dockerfile() -> list[Step]:
    """Return the Dockerfile's instructions, each in one line."""
    lines = (line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#"))
    text = "\n".join(lines).replace("\\\n", " ")
    steps: list[Step] = []
    for match in filter(None, map(_STEP.match, text.splitlines())):
        last = steps[-1].stage if steps else -1
        steps.append(Step(last + (match[1] == "FROM"), match[1], " ".join(match[2].split())))
    return steps


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    base = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
    last = max(step.stage for step in dockerfile())
    for step in dockerfile():
        if step.stage == last and step.verb == "ENV":
            given = dict(word.split("=", 1) for word in shlex.split(step.text))
            base |= {key: value.replace("$PATH", base["PATH"]) for key, value in given.items()}
    return base
