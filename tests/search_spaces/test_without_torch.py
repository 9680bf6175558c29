"""Spaces are read, sampled and built without torch."""

import subprocess
import sys
from pathlib import Path

import search_spaces

SCRIPT = """
import random, sys
from pathlib import Path
from search_spaces.families import build
from search_spaces.space_file.load import load_space
for path in Path(sys.argv[1]).glob("*.yaml"):
    space = load_space(path)
    candidate = space.candidate(space.sample(random.Random(0)), 0)
    build(candidate.architecture, (1, 16, 16), 10).fingerprint
print(*sorted({"torch", "optuna", "sqlalchemy", "numpy"} & set(sys.modules)))
"""


def test_nothing_heavy_is_imported() -> None:
    package = Path(search_spaces.__file__).parent
    command = [sys.executable, "-c", SCRIPT, str(package / "library")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=package.parent)
    assert run.stdout.split() == []
