"""The public names of `import nas`, and nothing more."""

from pathlib import Path

import pytest

import nas
from nas.config import USUAL_STORAGE

STUDY = {
    "name": "d",
    "task": "wine",
    "space": {"family": "mlp", "depth": 1, "width": [8, 16], "optimizer": {"adamw": {"lr": 0.01}}},
    "budget": {"trials": 2, "epochs": 1},
    "final": {"seeds": 1},
    "executor": "inline",
}


def test_every_public_name_is_there() -> None:
    assert [name for name in nas.__all__ if getattr(nas, name, None) is None] == []


def test_the_face_is_as_documented() -> None:
    assert sorted(nas.__all__) == ["Study", "StudyConfig", "Trial", "TrialState", "load", "resume", "search"]


def test_no_public_name_is_hidden_by_a_module_of_that_name() -> None:
    folder = Path(nas.__file__).parent
    assert {path.stem for path in folder.iterdir()} & set(nas.__all__) == set()


def test_the_storage_is_the_command_lines_unless_another_is_named() -> None:
    assert nas.Study("s") == nas.Study("s", USUAL_STORAGE)


def test_what_a_notebook_shows_of_a_study_is_a_line_each(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nas.db"
    study = nas.search({**STUDY, "storage": url, "artifacts": {"folder": f"{tmp_path}/runs"}})
    shown = [study, study.record, study.config, study.config.space, study.incumbent, *study.trials, *study.artifacts]
    assert len(study.trials) == 2
    assert [text for text in map(repr, shown) if len(text) > 600 or "\n" in text] == []
    assert "accuracy" in repr(study.record)


def test_nothing_but_a_path_a_dictionary_or_a_definition_is_a_study() -> None:
    with pytest.raises(TypeError, match="a study is"):
        nas.search(3)  # type: ignore[arg-type]
