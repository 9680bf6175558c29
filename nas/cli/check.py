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
    from nas.cli.output.console import print_json
    from nas.cli.output.escaping import escaped
    from nas.study_file import load, resolved, to_json

    config = load(file, overrides=settings or ())
    with about(file):
        config, survey = surveyed(replace(config, storage=storage or config.storage))
    if json:
        definition = {name: value for name, value in to_json(config).items() if name != "base"}
        print_json({"definition": definition, **survey.document})
        return
    typer.echo(escaped(resolved(config).rstrip("\n")))
    for name, value in survey.told.items():
        typer.echo(escaped(f"# {name:<{max(map(len, survey.told))}}  {value}"))
