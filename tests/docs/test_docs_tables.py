"""What the pages say of menus and commands is what those say of themselves."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from pages import ROOT

from nas.cli.main import COMMANDS
from nas.executors import EXECUTORS
from nas.pruners import PRUNERS
from nas.samplers import SAMPLERS
from search_spaces.families import FAMILIES
from search_spaces.ops import OPS
from search_spaces.registry import Menu
from search_spaces.space_file.load import library
from workers.exporters import EXPORTERS
from workers.optimizers import OPTIMIZERS
from workers.schedules import SCHEDULES
from workers.tasks import TASKS

MENUS = (FAMILIES, OPS, OPTIMIZERS, SCHEDULES, TASKS, SAMPLERS, PRUNERS, EXECUTORS, EXPORTERS)


def _tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = _tables()


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.name)
def test_a_page_is_as_new_as_the_code(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text == tables.filled(text), "run `python -m docs.tables`"


def test_every_generated_part_is_on_a_page() -> None:
    texts = "".join(page.read_text("utf-8") for page in tables.pages())
    assert {name for name in tables.PARTS if f"<!-- table: {name} -->" in texts} == set(tables.PARTS)


@pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.noun)
def test_every_entry_of_a_menu_is_documented(menu: Menu) -> None:
    text = (ROOT / "docs" / "menus.md").read_text("utf-8")
    missing = [name for name in menu.names() if not re.search(rf"^(### {name}|\| `{name}` \|.*)$", text, re.MULTILINE)]
    assert not missing


def test_every_space_and_command_is_documented() -> None:
    menus, cli = ((ROOT / "docs" / name).read_text("utf-8") for name in ("menus.md", "cli.md"))
    assert all(f"| `{name}` |" in menus for name in library())
    assert all(f"\n### {name}\n" in cli for name in COMMANDS.names())


def test_the_menus_are_as_many_as_the_folders_that_hold_one() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*/protocol.py")}
    assert folders <= {menu.package.rpartition(".")[2] for menu in MENUS} | {"engines", "layers", "policies"}
