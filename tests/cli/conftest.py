"""A study that is searched once, and folders to run commands in."""

import os
from pathlib import Path

import pytest
from command_runs import STUDY, Nas, Ran, run_in


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """Search a study once; return its folder, with the study in nas.db, and what the run said."""
    import torch

    torch.set_num_threads(1)
    os.environ.pop("NAS_STORAGE", None)
    folder = tmp_path_factory.mktemp("searched")
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    ran = run_in(folder, "run", "study.yaml", "--json")
    assert ran.code == 0, ran.err
    return folder, ran


@pytest.fixture
def nas(searched: tuple[Path, Ran]) -> Nas:
    """Run a command where the finished study is; it must not change it."""
    return lambda *arguments: run_in(searched[0], *arguments)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nas:
    """Run a command in a folder that holds nothing but the study file."""
    monkeypatch.delenv("NAS_STORAGE", raising=False)
    (tmp_path / "study.yaml").write_text(STUDY, "utf-8")
    return lambda *arguments: run_in(tmp_path, *arguments)
