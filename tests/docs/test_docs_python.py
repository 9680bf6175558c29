"""The Python of the pages runs: page by page, block by block, in an empty folder with a small study file."""

import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, blocks

from search_spaces.candidate import Named, Settings
from workers.datasets.dataset import load
from workers.messages import TaskSpec

STUDY = """
name: first-search
task: digits
space: {family: mlp, depth: 1..2, width: {each: [8, 16]}, batch_size: 64}
objective: maximize accuracy
budget: {trials: 3, epochs: 2}
final: {seeds: 1}
executor: inline
"""
PAGES = {"README.md": "best/network.py", "docs/python.md": "best/network.py", "docs/study-file.md": "songs.npz"}
"""The pages whose Python runs, and a file that it leaves."""


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    program = "\n".join(block.text for block in blocks("python", ROOT / page))
    (tmp_path / "page.py").write_text(program)
    command = [sys.executable, "page.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / PAGES[page]).is_file()


def test_padded_sequences_are_read_as_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec("\n".join(block.text for block in blocks("python", ROOT / "docs" / "study-file.md")), {})
    info = load(TaskSpec(Named("npz", Settings(path="songs.npz", layout="sequences")))).info
    assert (info.inputs[1], info.outputs, info.warnings) == (4, 2, ())


def test_every_page_with_python_is_run() -> None:
    others = {block.page.name for block in blocks("python")} - {Path(page).name for page in PAGES}
    assert others <= {"how-to-add.md", "tune.md"}, "run in test_docs_how_to_add.py and test_tune_docs.py"


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}
