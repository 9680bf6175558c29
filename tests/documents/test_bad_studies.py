"""Whatever is wrong with a study file, all of it is told, with its place, quickly, and nothing is written."""

import time
from pathlib import Path

import pytest
from bad_studies import ALL, Bad

from nas.study_file.load import load
from search_spaces.errors import SpecError

LONGEST = 1.0
"""Seconds of the processor that a wrong file may take."""


@pytest.mark.parametrize("bad", ALL, ids=[bad.title for bad in ALL])
def test_every_mistake_is_told_with_its_place(bad: Bad, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(bad.content if isinstance(bad.content, bytes) else bad.content.encode())
    started = time.process_time()
    with pytest.raises(SpecError) as caught:
        load(file)
    assert time.process_time() - started < LONGEST
    told = [(f"{problem.line}:{problem.column}", str(problem)) for problem in caught.value.problems]
    assert [place for place, _ in told] == [place for place, _ in bad.told], str(caught.value)
    assert all(words in message for (_, words), (_, message) in zip(bad.told, told, strict=True)), str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["study.yaml"]


def test_there_are_at_least_forty_of_them() -> None:
    assert len(ALL) == len({bad.title for bad in ALL}) >= 140


def test_every_line_starts_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("name: A\ntask: digit\nspace: {family: mlp}\n")
    with pytest.raises(SpecError) as caught:
        load(file)
    first, second = str(caught.value).splitlines()
    own = "samples of your own are given with csv, a table, or npz, arrays"
    assert first.startswith(f"{file}:1:7: name: needs small letters")
    assert second == f"{file}:2:7: task: unknown task 'digit' (did you mean 'digits'?) ({own})"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"study\.yaml: no such file"):
        load(tmp_path / "study.yaml")


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is a folder, not a file"):
        load(tmp_path)


def test_a_file_that_may_not_be_named_is_told() -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        load("a\0b.yaml")


def test_a_mistake_in_the_file_of_a_space_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("family: mlp\ndepth: 6..1\n")
    (tmp_path / "study.yaml").write_text("name: a\ntask: digits\nspace: mine.yaml\nseed: x\n")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "study.yaml")
    assert [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()] == [
        "study.yaml:4:7: seed: needs a whole number from 0 to 4294967295, got 'x'",
        "mine.yaml:2:8: space.depth: a range needs low ≤ high, got 6..1 (try 1..6)",
    ]


def test_a_space_that_is_not_yaml_names_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("family: [mlp\n")
    (tmp_path / "study.yaml").write_text("name: a\ntask: digits\nspace: mine.yaml\n")
    with pytest.raises(SpecError, match=r"study\.yaml:3:8: space: .*mine\.yaml:2:1: is not YAML"):
        load(tmp_path / "study.yaml")


def test_more_mistakes_than_anybody_reads_are_counted(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("".join(f"key{number}: 1\n" for number in range(200)))
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "study.yaml")
    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1].message == "… and 153 more mistakes"
