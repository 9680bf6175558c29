"""Check a study file: the resolved study, the size of its space, what its networks cost, how long it may take."""

import sys
from dataclasses import replace

import typer

from nas.cli.options import FileArgument, JsonOption, SetOption, StorageOption
from nas.cli.study_argument import study_in


def check(
    file: FileArgument,
    storage: StorageOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Print the study with every default, then what sampling and a few steps of training tell of it."""
    from nas.cli.output import data_summary, estimate
    from nas.cli.output.console import print_json
    from nas.cli.output.escaping import escaped
    from nas.estimate import looked_at
    from nas.study_file.load import resolved, to_json

    written = study_in(file, settings or ())
    config = replace(written.config, storage=storage or written.config.storage)
    if not json:  # at once: all that follows needs the samples
        typer.echo(escaped(resolved(config).rstrip("\n")))
    with written.placing():
        looked = looked_at(config)
    if json:
        definition = {name: value for name, value in to_json(looked.config).items() if name != "base"}
        print_json({"definition": definition, **looked.document})
        return
    told = estimate.estimate_rows(looked)
    for name, value in told.items():
        typer.echo(escaped(f"# {name:<{max(map(len, told))}}  {value}"))
    cut = data_summary.Cut(data_summary.ALL, f"nas check {file} | less")
    for line in data_summary.lines(looked.task, cut if sys.stdout.isatty() else None):
        typer.echo(escaped(f"# {line}"))
