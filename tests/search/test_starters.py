"""Several starters of one study at once: one runs it, the others are told who does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nas
from nas.config import StudyConfig
from nas.errors import StudyBusy, StudyExists
from nas.storage import LazyStorage, Storage, StudyRecord
from nas.study_file.load import from_mapping, to_json
from workers.messages import TaskInfo

STUDY = {
    "name": "s",
    "task": "wine",
    "space": {"family": "mlp", "depth": 1, "width": [8, 16], "optimizer": {"adamw": {"lr": 0.01}}},
    "objective": "accuracy",
    "budget": {"trials": 2, "epochs": 1},
    "final": {"seeds": 0},
    "executor": "inline",
}
WINE = TaskInfo("wine", "classification", (13,), 3, (106, 36, 36), ("loss", "accuracy"), "cross_entropy", "")


@pytest.fixture
def config(tmp_path: Path) -> StudyConfig:
    artifacts = {"folder": f"{tmp_path}/runs", "export": []}
    return from_mapping({**STUDY, "storage": f"sqlite:///{tmp_path}/nas.db", "artifacts": artifacts}).config


def begun_elsewhere(config: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another process begin the study between a look at the record and the first write to it."""
    look = LazyStorage.find

    def late(storage: LazyStorage, name: str) -> StudyRecord | None:
        monkeypatch.setattr(LazyStorage, "find", look)
        look(storage, name)
        return None

    monkeypatch.setattr(LazyStorage, "find", late)


def test_who_comes_second_is_told_who_runs_it_and_what_to_type(
    config: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Storage.open(config.storage) as storage:
        record = storage.create(config.name, to_json(config), WINE, {})
        storage.acquire(record.id)
        begun_elsewhere(config, monkeypatch)
        with pytest.raises(StudyBusy, match=rf"study 's' is running: .*process {os.getpid()} on .*nas stop s"):
            nas.search(config)


def test_who_comes_second_with_another_definition_is_told_that(
    config: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Storage.open(config.storage) as storage:
        storage.create(config.name, {**to_json(config), "seed": 5}, WINE, {})
    begun_elsewhere(config, monkeypatch)
    with pytest.raises(StudyExists, match="differs in: seed"):
        nas.search(config)


def test_of_four_that_start_at_once_each_ends_well_or_says_why(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(json.dumps({**STUDY, "artifacts": {"export": []}}))
    command = [sys.executable, "-m", "nas", "run", "study.yaml"]
    known = {**os.environ, "PYTHONPATH": str(Path(nas.__file__).parents[1])}
    four = [
        subprocess.Popen(command, cwd=tmp_path, env=known, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [process.communicate(timeout=240)[1] for process in four]
    assert {process.returncode for process in four} <= {0, 5}
    assert 0 in [process.returncode for process in four]
    for process, said in zip(four, told, strict=True):
        assert "Traceback" not in said
        if process.returncode:
            assert "error: study 's' is running: " in said
