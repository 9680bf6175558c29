"""List the tasks, or the settings of one."""

from dataclasses import asdict
from typing import Annotated

import typer

from nas.cli._options import JsonOption
from search_spaces.registry import Menu

TASKS = Menu("workers.tasks", "task")


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
    rows = {item.name: f"{item.allowed}; {item.default!r} unless given: {item.doc}" for item in settings}
    out().print(facts(rows))
