"""Write the best network of a study, or another trial, in the formats people use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli._options import JsonOption, StorageOption, StudyName, url_of

if TYPE_CHECKING:
    from nas.config import StudyConfig
    from nas.storage import Artifact


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
        str | None, typer.Option("--folder", metavar="PATH", help="where to; beside the study's files unless given")
    ] = None,
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """Export a trained network; each file is loaded again and compared before it counts as written."""
    from dataclasses import asdict

    from nas.cli.output.console import facts, out, print_json
    from nas.final_result import retrained
    from nas.study import Study
    from workers import files
    from workers.exporters import EXPORTERS

    for format in to or ():
        EXPORTERS.require(format)
    study = Study(name, url_of(storage))
    config = study.config
    target = files.absolute(folder or _beside(config, number))
    written = study.export(target, formats=to or config.artifacts.export, number=number)
    final = retrained(study.artifacts, written[0].number) if written else None
    if json:
        measured_on = "test" if final else "validation"
        print_json([{**asdict(artifact), "measured_on": measured_on} for artifact in written])
    elif written:
        out().print(facts({**_files(written), **_weights(written[0], final)}), soft_wrap=True)


def _files(written: "Sequence[Artifact]") -> dict[str, str]:
    """List the files by format, the network itself first."""
    files: dict[str, str] = {}
    for artifact in written:
        format, path = artifact.kind.removeprefix("export."), artifact.path
        files[format] = f"{files[format]} with {path.rpartition('/')[2]}" if format in files else path
    return files


def _weights(artifact: "Artifact", final: "Artifact | None") -> dict[str, str]:
    """Say what the weights were trained on, and what they score on samples that they were not."""
    from nas.cli.output import words

    trained = "train and validation samples" if final else "train samples"
    return {
        "weights": f"trial {artifact.number}, {artifact.epoch} epochs on {trained}",
        "test" if final else "validation": words.values(artifact.metrics),
    }


def _beside(config: "StudyConfig", number: int | None) -> str:
    folder = config.artifacts.folder.rstrip("/")
    return f"{folder}/{config.name}/{'best' if number is None else f'trial-{number}'}"
