"""`nas doctor` speaks of the extras that the distribution declares, each by a package that it brings."""

import re
import tomllib
from pathlib import Path

from nas.cli.commands.doctor import EXTRAS

DECLARED: dict[str, list[str]] = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))[
    "project"
]["optional-dependencies"]


def test_every_extra_for_users_is_looked_for() -> None:
    assert set(EXTRAS) == set(DECLARED) - {"dev", "docs"}


def test_each_extra_is_known_by_the_packages_it_brings() -> None:
    brought = {name: {re.split(r"[^\w-]", item)[0] for item in items} for name, items in DECLARED.items()}
    assert {name: set(packages) for name, packages in EXTRAS.items()} == {name: brought[name] for name in EXTRAS}
