"""What a stranger on GitHub meets is whole: workflows, templates, citation and release agree with the project."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCUMENTS = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"])
TEXTS = [*(ROOT / ".github").rglob("*.*"), *ROOT.glob("*.md"), *ROOT.glob("*.yml"), *(ROOT / "docs").rglob("*.md")]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_is_a_mapping(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


@pytest.mark.parametrize(
    "name", ["LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md", ".github/CODEOWNERS"]
)
def test_a_page_for_contributors_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 100


def test_every_python_that_is_promised_is_tested() -> None:
    promised = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)}
    assert promised == {*read(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]}


def test_the_version_to_cite_is_the_version() -> None:
    cited = read("CITATION.cff")
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])


def test_every_workflow_gives_its_jobs_a_time_limit_and_no_more_rights_than_reading() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        assert all("timeout-minutes" in job or "uses" in job for job in workflow["jobs"].values()), path.name


def test_what_a_workflow_runs_of_this_repository_exists() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    named = {*re.findall(r"\.ci/\w+(?:\.py)?", text), *re.findall(r"\.github/workflows/\w+\.yml", text)}
    assert len(named) >= 3
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_hook_runs_what_the_project_has() -> None:
    (hooks,) = [repository["hooks"] for repository in read(".pre-commit-config.yaml")["repos"]]
    assert {hook["id"] for hook in hooks} == {"ruff", "ruff-format", "schema", "tables", "floors", "mypy"}
    assert all(hook["language"] == "system" for hook in hooks)


def test_one_repository_is_named_everywhere() -> None:
    named = {name for path in TEXTS for name in re.findall(r"github\.com/([\w-]+/[\w-]+)", path.read_text("utf-8"))}
    assert named == {PROJECT["urls"]["Source"].removeprefix("https://github.com/")}


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("0.1.0", "the tag '0.1.0' is not like v1.2.3"),
        ("v7.0.0", f"pyproject.toml says {PROJECT['version']}, the tag 7.0.0"),
        ("v7.0.0", f"CITATION.cff says {PROJECT['version']}, the tag 7.0.0"),
        ("v7.0.0", "CHANGELOG.md has no section '## 7.0.0' with a date"),
    ],
)
def test_a_tag_of_another_version_is_not_released(tag: str, said: str) -> None:
    command = [sys.executable, str(ROOT / ".ci" / "check_release.py"), tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
