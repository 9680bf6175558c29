"""The public names of `import nas`, and nothing more."""

from pathlib import Path

import nas


def test_every_public_name_is_there() -> None:
    assert [name for name in nas.__all__ if getattr(nas, name, None) is None] == []


def test_the_face_is_as_documented() -> None:
    assert sorted(nas.__all__) == ["Study", "StudyConfig", "Trial", "TrialState", "load", "resume", "search"]


def test_no_public_name_is_hidden_by_a_module_of_that_name() -> None:
    folder = Path(nas.__file__).parent
    assert {path.stem for path in folder.iterdir()} & set(nas.__all__) == set()
