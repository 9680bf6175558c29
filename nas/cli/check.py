"""Check a study file: the resolved study, the size of its space, what its networks cost, how long it may take."""

from dataclasses import replace

import typer

from nas.cli._options import FileArgument, JsonOption, SetOption, StorageOption
from nas.cli._sources import about, study_in


def check(
    file: FileArgument,
    storage: StorageOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Print the study with every default, then what sampling and a moment of training tell of it."""
    from nas.cli._survey import surveyed
    from nas.cli.output.console import print_json
    from nas.study_file import resolved, to_json

    config = study_in(file, settings or ())
    with about(file):
        config, survey = surveyed(replace(config, storage=storage or config.storage))
    if json:
        print_json({"definition": to_json(config), **survey.document})
        return
    typer.echo(resolved(config).rstrip("\n"))
    for name, value in survey.told.items():
        typer.echo(f"# {name:<{max(map(len, survey.told))}}  {value}")
