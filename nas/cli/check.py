"""Check a study file: the resolved study, the size of its space, what its networks cost, how long it may take."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from nas.cli._options import JsonOption, SetOption, StorageOption
from nas.cli._sources import about


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the study file", show_default=False)],
    storage: StorageOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Print the study with every default, then what sampling and a moment of training tell of it."""
    from nas.cli._survey import surveyed
    from nas.cli.output import data_account
    from nas.cli.output.console import print_json
    from nas.study_file import load, resolved, to_json

    config = load(file, overrides=settings or ())
    with about(file):
        config, survey = surveyed(replace(config, storage=storage or config.storage))
    if json:
        print_json({"definition": to_json(config), **survey.document})
        return
    typer.echo(resolved(config).rstrip("\n"))
    for name, value in survey.told.items():
        typer.echo(f"# {name:<{max(map(len, survey.told))}}  {value}")
    for line in data_account.lines(survey.task, data_account.ALL):
        typer.echo(f"# {line}")
