"""Every name on a menu can be written into a study file, and comes back with all its settings."""

import json
from pathlib import Path
from typing import Any

import pytest
from bad_studies import SPACE, WHOLE

from nas.executors import EXECUTORS
from nas.pruners import PRUNERS
from nas.samplers import SAMPLERS
from nas.study_file.load import loads, resolved
from search_spaces.errors import SpecError
from search_spaces.families import FAMILIES
from search_spaces.hyperparameters import hyperparameters
from search_spaces.space.names import architecture_of, settings_of
from search_spaces.space.recipes import MENUS
from workers.exporters import EXPORTERS
from workers.tasks import TASKS


@pytest.mark.parametrize("name", SAMPLERS.names())
def test_every_sampler_can_be_chosen(name: str) -> None:
    config = loads(WHOLE + f"sampler: {name}\n")
    assert tuple(config.sampler.settings) == tuple(hyper.name for hyper in hyperparameters(SAMPLERS.load(name)))
    assert loads(resolved(config)) == config


@pytest.mark.parametrize("name", PRUNERS.names())
def test_every_pruner_can_be_chosen(name: str) -> None:
    config = loads(WHOLE + f"pruner: {{{name}: , metric: accuracy}}\n")
    assert tuple(config.pruning.pruner.settings) == tuple(hyper.name for hyper in hyperparameters(PRUNERS.load(name)))
    assert loads(resolved(config)) == config


@pytest.mark.parametrize("name", EXECUTORS.names())
def test_every_executor_can_be_chosen(name: str) -> None:
    assert loads(WHOLE + f"executor: {name}\n").executor.name == name


@pytest.mark.parametrize("name", TASKS.names())
def test_every_task_can_be_chosen(name: str) -> None:
    declared = hyperparameters(TASKS.load(name))
    required = {hyper.name: Path(__file__).name if hyper.is_file else "y" for hyper in declared if hyper.required}
    named = loads(WHOLE.replace("digits", json.dumps({name: required})), base=Path(__file__).parent).task.task
    assert tuple(named.settings) == tuple(hyper.name for hyper in declared)


@pytest.mark.parametrize("written", ["csv", "{csv: }", "{csv: {kind: regression}}"])
def test_what_a_task_requires_is_asked_for_with_all_other_mistakes(written: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(WHOLE.replace("digits", written) + "seed: none\n")
    assert "csv needs 'path' (the file, relative to the study file)" in str(caught.value)
    assert "csv needs 'target' (the column to predict)" in str(caught.value)
    assert "seed: needs a whole number" in str(caught.value)


@pytest.mark.parametrize("name", FAMILIES.names())
def test_every_family_can_be_chosen(name: str) -> None:
    space = loads(WHOLE.replace("mlp", name).replace("  depth: 1..3\n", "")).space
    needless = {hyper.name for hyper in architecture_of(name).values() if hyper.when[0]}
    assert set(architecture_of(name)) - needless <= set(space.fixed)


@pytest.mark.parametrize("menu", MENUS)
def test_every_optimizer_and_schedule_can_be_chosen(menu: str) -> None:
    names = MENUS[menu].names()
    space = loads(SPACE + f"  {menu}: [{', '.join(names)}]\n").space
    assert {f"{menu}.{name}.{key}" for name in names for key in settings_of(menu, name)} <= set(space.fixed)


def test_every_exporter_can_be_chosen() -> None:
    names = EXPORTERS.names()
    assert loads(WHOLE + f"artifacts: {{export: [{', '.join(names)}]}}\n").artifacts.export == names


def test_the_menus_have_so_many_names() -> None:
    menus: tuple[Any, ...] = (
        SAMPLERS,
        PRUNERS,
        EXECUTORS,
        TASKS,
        FAMILIES,
        MENUS["optimizer"],
        MENUS["schedule"],
        EXPORTERS,
    )
    least = (2, 2, 2, 6, 3, 7, 4, 4)
    assert all(len(menu.names()) >= count for menu, count in zip(menus, least, strict=True))
