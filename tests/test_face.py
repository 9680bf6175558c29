"""The public names of `import nas`, and nothing more."""

import nas


def test_every_public_name_is_there() -> None:
    assert [name for name in nas.__all__ if getattr(nas, name, None) is None] == []


def test_the_face_is_as_documented() -> None:
    assert sorted(nas.__all__) == ["Study", "StudyConfig", "Trial", "TrialState", "load", "resume", "search"]
