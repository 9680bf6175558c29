"""Mistakes that show only when a study meets its samples are told with the place of what they speak of."""

from pathlib import Path

import pytest
from bad_studies import WHOLE

from nas.study_file.load import Written, from_file, from_mapping, from_text
from search_spaces.errors import Problem, SpecError

STUDY = """\
name: a
task:
  csv: {path: study.yaml, target: income}
space: space.yaml
objectives: [minimize mse, minimize flops]
sampler: tpe
"""


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return in_file(tmp_path)


def in_file(folder: Path, *overrides: str) -> Written:
    (folder / "space.yaml").write_text("family: mlp\ndepth: 1..3\n")
    (folder / "study.yaml").write_text(STUDY)
    return from_file(folder / "study.yaml", overrides=overrides)


def told(written: Written, path: str) -> str:
    """Return where a mistake at this path is said to be."""
    with pytest.raises(SpecError) as raised, written.placing():
        raise SpecError([Problem(path, "is wrong")])
    return str(raised.value).partition(": ")[0].rpartition("/")[2]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("name", "study.yaml:1:7"),
        ("task.csv.target", "study.yaml:3:35"),
        ("task.csv.missing", "study.yaml:3:8"),
        ("task.csv.target.more", "study.yaml:3:35"),
        ("objectives[1]", "study.yaml:5:28"),
        ("objectives[9]", "study.yaml:5:13"),
        ("sampler.tpe.startup_trials", "study.yaml:6:10"),
        ("space", "study.yaml:4:1"),
        ("space.depth", "space.yaml:2:8"),
        ("budget.trials", "study.yaml"),
        ("", "study.yaml"),
    ],
)
def test_a_mistake_has_the_place_of_its_value_or_of_the_nearest_thing_above(
    path: str, place: str, written: Written
) -> None:
    assert told(written, path) == place


def test_a_mistake_in_what_was_overridden_names_the_override(tmp_path: Path) -> None:
    assert told(in_file(tmp_path, "sampler=random"), "sampler.random") == "--set sampler=random"


def test_a_mistake_that_has_its_place_keeps_it(written: Written) -> None:
    with pytest.raises(SpecError, match=r"^elsewhere.yaml:7:1: "), written.placing():
        raise SpecError([Problem("name", "is wrong", 7, 1)], "elsewhere.yaml")


def test_a_study_without_a_file_has_no_places() -> None:
    study = from_mapping({"name": "a", "task": "digits", "space": "mlp"})
    for written in (study, Written(study.config)):
        assert told(written, "task") == "task"


def test_a_study_without_a_name_of_its_own_has_places() -> None:
    assert told(from_text(WHOLE), "name") == "1:7"
