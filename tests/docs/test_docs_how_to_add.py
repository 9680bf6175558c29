"""What the page says of adding things is done: to a copy of this project, and in a distribution of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, Block, blocks

PAGE = ROOT / "docs" / "how-to-add.md"
PACKAGES = ("search_spaces", "workers", "nas")
GROUPS = (
    *("families", "ops", "layers", "optimizers", "schedules", "tasks"),
    *("samplers", "pruners", "executors", "exporters", "cli"),
)
STUDY = """
name: added
task: {spirals: {points: 200}}
space:
  family: funnel
  depth: 1..2
  width: [8, 16]
  shrink: 0.5..1
  activation: [mish, tanh]
  optimizer: {adamax: {lr: 1e-3..1e-1 log}}
  schedule: {linear: {floor: 0.1}}
sampler: {small_first: {draws: 2}}
pruner: halfway
budget: {trials: 4, epochs: 4}
final: {seeds: 1}
executor: {polite: {niceness: 1}}
artifacts: {export: [arrays, source]}
"""


def _files() -> dict[str, Block]:
    found = [block for language in ("python", "toml", "text") for block in blocks(language, PAGE)]
    return {match[1]: block for block in found if (match := re.match(r"# file: (\S+)\n", block.text))}


FILES = _files()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the packages, and put into them what the page adds."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        if name.startswith(PACKAGES):
            _write(tmp_path, name)
    _insert(tmp_path / "search_spaces/ops/activation.py", 'ACTIVATIONS = ("relu", ', '"mish", ')
    _insert(tmp_path / "workers/layers/activation.py", '    "relu": nn.ReLU,\n', '    "mish": nn.Mish,\n')
    return tmp_path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Put the page's distribution where Python finds it, as an installer would."""
    for name in FILES:
        if name.startswith("nas-pyramid/"):
            _write(tmp_path, name)
    project = tomllib.loads((tmp_path / "nas-pyramid/pyproject.toml").read_text())["project"]
    about = tmp_path / "nas-pyramid" / f"nas_pyramid-{project['version']}.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: nas-pyramid\nVersion: {project['version']}\n")
    about.joinpath("entry_points.txt").write_text("\n".join(_entry_points(project["entry-points"])) + "\n")
    _write(tmp_path, "pyramid.yaml")
    return tmp_path


def test_a_study_runs_with_everything_that_was_added(copy: Path) -> None:
    (copy / "study.yaml").write_text(STUDY)
    last = _nas(copy, [copy], "run", "study.yaml", "--json").splitlines()[-1]
    assert json.loads(last)["trials"]["complete"] >= 1
    assert {Path(path).name for path in json.loads(last)["artifacts"]} >= {"weights.npz", "network.py"}
    assert int(_nas(copy, [copy], "best", "added").split()[0]) == json.loads(last)["best"]["number"]
    assert "Spirals" in _nas(copy, [copy], "tasks")


def test_a_study_runs_with_what_another_distribution_adds(installed: Path) -> None:
    paths = [ROOT, installed / "nas-pyramid"]
    last = _nas(installed, paths, "run", "pyramid.yaml", "--json").splitlines()[-1]
    assert json.loads(last)["trials"]["complete"] >= 1
    assert json.loads(last)["best"]["architecture"]["family"] == "pyramid"
    shown = json.loads(blocks("json", ROOT / "docs" / "cli.md")[0].text)
    assert _keys(shown) == _keys(json.loads(last)), "the last line of `run --json` in docs/cli.md is not of this shape"
    assert "from nas-pyramid 0.1.0" in _nas(installed, paths, "tasks")
    assert "Points of the plane" in _nas(installed, paths, "tasks", "rings")


def test_a_distribution_that_does_not_import_spoils_nothing_else(installed: Path) -> None:
    points = installed / "nas-pyramid" / "nas_pyramid-0.1.0.dist-info" / "entry_points.txt"
    project = tomllib.loads((installed / "nas-pyramid/pyproject.toml").read_text())["project"]
    broken = {f"nas.{menu}": {"broken": "nothing_is_here:Broken"} for menu in GROUPS}
    both = {name: {**project["entry-points"].get(name, {}), **broken[name]} for name in broken}
    points.write_text("\n".join(_entry_points(both)) + "\n")
    paths = [ROOT, installed / "nas-pyramid"]
    assert "rings" in _nas(installed, paths, "tasks")
    assert "resume" in _nas(installed, paths, "--help")
    assert "pyramid" in _nas(installed, paths, "check", "pyramid.yaml")


def test_every_kind_of_thing_that_can_be_added_is_shown() -> None:
    folders = {str(Path(name).parent) for name in FILES if name.startswith(PACKAGES)}
    menus = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("*/*/protocol.py")}
    assert menus - folders == {"nas/policies", "workers/engines"}  # neither is a menu
    assert "nas/cli/commands" in folders


def test_the_page_names_every_group_of_entry_points() -> None:
    packages = re.findall(
        r"Menu\(\"[a-z_]+\.(\w+)\"", "".join(p.read_text("utf-8") for p in ROOT.glob("[nsw]*/**/*.py"))
    )
    assert {f"nas.{name}" for name in packages} <= set(re.findall(r"`(nas\.\w+)`", PAGE.read_text("utf-8")))


def _keys(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys of the last line and of what it holds, but for what depends on the space."""
    inner = {name: list(document[name]) for name in ("trials", "best", "test")}
    return {"": list(document), **inner, "recipe": list(document["best"]["recipe"])}


def _write(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name].text.partition("\n")[2], "utf-8")


def _insert(path: Path, after: str, added: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(after) == 1
    path.write_text(text.replace(after, after + added), "utf-8")


def _entry_points(groups: dict[str, dict[str, str]]) -> Iterator[str]:
    for group, points in groups.items():
        yield f"[{group}]"
        yield from (f"{name} = {value}" for name, value in points.items())


def _nas(folder: Path, paths: list[Path], *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-P", "-m", "nas", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
