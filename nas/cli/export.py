"""Write the best network of a study, or another trial, in the formats people use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli._options import JsonOption, StorageOption, StudyName, url_of

if TYPE_CHECKING:
    from nas.config import StudyConfig


def export(
    name: StudyName,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="source, safetensors, torch_export or onnx; may be repeated; as the study says unless given",
        ),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--trial", metavar="N", min=0, help="this trial instead of the best")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="PATH", help="where to; beside the study's files unless given")
    ] = None,
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """Export a trained network; each file is loaded again and compared before it counts as written."""
    from dataclasses import asdict

    from nas.cli.output import words
    from nas.cli.output.console import facts, out, print_json
    from nas.study import Study
    from workers.exporters import EXPORTERS

    for format in to or ():
        EXPORTERS.require(format)
    study = Study(name, url_of(storage))
    config = study.config
    target = (folder or _beside(config, number)).absolute()
    written = study.export(target, formats=to or config.artifacts.export, number=number)
    if json:
        print_json([asdict(artifact) for artifact in written])
        return
    for artifact in written:
        measured = f"trial {artifact.number}, validation {words.values(artifact.metrics)}"
        out().print(facts({artifact.kind.removeprefix("export."): artifact.path, "": measured}), soft_wrap=True)


def _beside(config: "StudyConfig", number: int | None) -> Path:
    return Path(config.artifacts.folder) / config.name / ("best" if number is None else f"trial-{number}")
