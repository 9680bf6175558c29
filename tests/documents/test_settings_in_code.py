"""Settings that Python code gives, rather than a file, are held against the same declarations."""

from dataclasses import replace
from pathlib import Path

import pytest
from studies import SHORTEST

import nas
from nas.executors import EXECUTORS
from nas.pruners import PRUNERS
from nas.samplers import SAMPLERS
from nas.study_file.load import loads
from search_spaces.candidate import Named, Settings
from search_spaces.errors import SpecError
from search_spaces.hyperparameters import make
from search_spaces.registry import Menu
from workers import optimizers, schedules
from workers.optimizers import OPTIMIZERS
from workers.schedules import SCHEDULES
from workers.tasks import TASKS

MENUS = (SAMPLERS, PRUNERS, EXECUTORS, OPTIMIZERS, SCHEDULES, TASKS)


@pytest.mark.parametrize(("menu", "name"), [(menu, name) for menu in MENUS for name in menu.names()])
def test_an_unknown_setting_of_any_entry_is_told_with_its_path(menu: Menu, name: str) -> None:
    with pytest.raises(SpecError, match=rf"{menu.noun}\.{name}\.no_such: unknown"):
        make(menu, Named(name, Settings(no_such=1)))


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        optimizers.make(Named("sgd", Settings(momentun=0.9, lr=-1.0, nesterov="yes")))
    assert [problem.path for problem in caught.value.problems] == [
        "optimizer.sgd.momentun",
        "optimizer.sgd.lr",
        "optimizer.sgd.nesterov",
    ]
    assert "did you mean 'momentum'?" in str(caught.value)


def test_a_schedule_is_held_against_its_declarations() -> None:
    with pytest.raises(SpecError, match=r"schedule\.step\.steps: needs a whole number, got inf"):
        schedules.make(Named("step", Settings(steps=float("inf"))))


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert make(SCHEDULES, Named("step", Settings(steps=2.0))) == make(SCHEDULES, Named("step", Settings(steps=2)))


def test_what_is_required_and_missing_is_told() -> None:
    with pytest.raises(SpecError, match=r"task\.csv\.path: has to be given"):
        make(TASKS, Named("csv", Settings(target="y")))


def test_a_study_in_code_with_a_wrong_executor_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = replace(loads(SHORTEST), executor=Named("process", Settings(workrs=2)))
    with pytest.raises(SpecError, match=r"executor\.process\.workrs: unknown .*did you mean 'workers'"):
        nas.search(config)
    assert not (tmp_path / "nas.db").exists()


@pytest.mark.parametrize("name", ["", "Mine", "../etc"])
def test_a_study_in_code_has_a_name_that_a_file_could_give(name: str) -> None:
    with pytest.raises(SpecError, match=r"^name: needs small letters"):
        nas.search(replace(loads(SHORTEST), name=name))
