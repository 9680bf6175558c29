"""Every name on a menu can be written into a study file, and comes back with all its settings."""

from typing import Any

import pytest
from bad_studies import SPACE, WHOLE

from nas import pruners, samplers
from nas.executors import EXECUTORS
from nas.study_file import loads, resolved
from search_spaces.families import FAMILIES
from search_spaces.hyperparameters import hyperparameters
from search_spaces.names import architecture_of, settings_of
from search_spaces.recipes import MENUS
from search_spaces.registry import Menu

EXPORTERS = Menu("workers.exporters", "exporter")
TASKS = Menu("workers.tasks", "task")


@pytest.mark.parametrize("name", samplers.names())
def test_every_sampler_can_be_chosen(name: str) -> None:
    config = loads(WHOLE + f"sampler: {name}\n")
    assert tuple(config.sampler.settings) == tuple(hyper.name for hyper in samplers.settings_of(name))
    assert loads(resolved(config)) == config


@pytest.mark.parametrize("name", pruners.names())
def test_every_pruner_can_be_chosen(name: str) -> None:
    config = loads(WHOLE + f"pruner: {{{name}: , metric: accuracy}}\n")
    assert tuple(config.pruning.pruner.settings) == tuple(hyper.name for hyper in pruners.settings_of(name))
    assert loads(resolved(config)) == config


@pytest.mark.parametrize("name", EXECUTORS.names())
def test_every_executor_can_be_chosen(name: str) -> None:
    assert loads(WHOLE + f"executor: {name}\n").executor.name == name


@pytest.mark.parametrize("name", TASKS.names())
def test_every_task_can_be_chosen(name: str) -> None:
    named = loads(WHOLE.replace("digits", name)).task.task
    assert tuple(named.settings) == tuple(hyper.name for hyper in hyperparameters(TASKS.load(name)))


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
        samplers,
        pruners,
        EXECUTORS,
        TASKS,
        FAMILIES,
        MENUS["optimizer"],
        MENUS["schedule"],
        EXPORTERS,
    )
    least = (2, 2, 2, 6, 3, 7, 4, 4)
    assert all(len(menu.names()) >= count for menu, count in zip(menus, least, strict=True))
