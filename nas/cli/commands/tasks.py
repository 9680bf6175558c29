"""List the tasks, or the settings of one."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli.options import JsonOption
from workers.tasks import TASKS

if TYPE_CHECKING:
    from search_spaces.hyperparameters import Hyperparameter


def tasks(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="show the settings of this one", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the tasks with what each holds, or show what one of them can be told."""
    from nas.cli.output.console import facts, out, print_json
    from search_spaces.hyperparameters import hyperparameters

    if name is None:
        menu = {each: TASKS.describe(each) for each in TASKS.names()}
        if json:
            print_json([{"name": each, "description": text} for each, text in menu.items()])
        else:
            out().print(facts(menu))
        return
    entry = TASKS.load(name)
    settings, sentence = hyperparameters(entry), (entry.__doc__ or "").strip().partition("\n")[0]
    if json:
        documents = [{**asdict(item), "kind": item.kind.__name__} for item in settings]
        print_json({"name": name, "description": sentence, "settings": documents})
        return
    out().print(sentence, markup=False)
    out().print(facts({item.name: _setting_text(item) for item in settings}))


def _setting_text(item: "Hyperparameter") -> str:
    """Return what a setting may be, and what it is unless somebody says."""
    default = f"{item.usual} unless given" if item.usual else "required" if item.required else "optional"
    return f"{item.allowed}; {default}: {item.doc}"
