"""Write the best network of a study, or another trial, in the formats people use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli.options import JsonOption, StorageOption, StudyName, url_of

if TYPE_CHECKING:
    from nas.config import StudyConfig
    from nas.storage import Artifact
    from nas.study import Study


FormatsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="FORMAT",
        help="source, safetensors, torch_export or onnx; may be repeated; as the study says unless given",
    ),
]
NumberOption = Annotated[int | None, typer.Option("--trial", metavar="N", min=0, help="this trial instead of the best")]
EnsembleOption = Annotated[bool, typer.Option("--ensemble", help="the average of its retrainings, as one network")]
FolderOption = Annotated[
    str | None, typer.Option("--folder", metavar="PATH", help="where to; beside the study's files unless given")
]


def export(
    name: StudyName,
    to: FormatsOption = None,
    number: NumberOption = None,
    ensemble: EnsembleOption = False,
    folder: FolderOption = None,
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """Export a trained network; each file is loaded again and compared before it counts as written."""
    from nas.study import Study
    from workers import file_store
    from workers.exporters import EXPORTERS

    for format in to or ():
        EXPORTERS.require(format)
    study = Study(name, url_of(storage))
    config = study.config
    target = file_store.absolute(folder or _beside(config, number, ensemble))
    write = study.export_ensemble if ensemble else study.export
    written = write(target, formats=to or config.artifacts.export, number=number)
    if written:
        averaged = ensemble or (number is None and config.final.ensemble)
        _tell(written, _seeds(study, written[0].number, averaged=averaged), json=json)


def _seeds(study: "Study", number: int, *, averaged: bool) -> int:
    """Return how many retrainings the weights are of; 0 where they are those of the search."""
    from nas.artifacts.export import members_of

    retrained = len(members_of(study.artifacts, number))
    return retrained if averaged else min(retrained, 1)


def _tell(written: "Sequence[Artifact]", seeds: int, *, json: bool) -> None:
    """Print what was written, what it was trained on and what it scores."""
    from dataclasses import asdict

    from nas.cli.output.console import facts, out, print_json

    if json:
        said = {"measured_on": "test" if seeds else "validation", "seeds": max(seeds, 1)}
        print_json([{**asdict(artifact), **said} for artifact in written])
    else:
        out().print(facts({**_files(written), **_weights(written[0], seeds)}), soft_wrap=True)


def _files(written: "Sequence[Artifact]") -> dict[str, str]:
    """List the files by format, the network itself first, then the names of what belongs to it."""
    files: dict[str, list[str]] = {}
    for artifact in written:
        files.setdefault(artifact.kind.removeprefix("export."), []).append(artifact.path)
    beside = {format: [path.rpartition("/")[2] for path in paths[1:]] for format, paths in files.items()}
    return {
        format: f"{paths[0]} with {' and '.join(beside[format])}" if beside[format] else paths[0]
        for format, paths in files.items()
    }


def _weights(artifact: "Artifact", seeds: int) -> dict[str, str]:
    """Return what the weights were trained on, and what they score on samples that they were not."""
    from nas.cli.output import humanize

    trained = "train and validation samples" if seeds else "train samples"
    average = f", the average of {seeds} seeds" if seeds > 1 else ""
    return {
        "weights": f"trial {artifact.number}{average}, {humanize.counted(artifact.epoch, 'epoch')} on {trained}",
        "score": humanize.scores("test" if seeds else "validation", artifact.metrics),
    }


def _beside(config: "StudyConfig", number: int | None, ensemble: bool) -> str:
    """Return a folder of its own for each network, so that none takes the place of what is on record."""
    from nas.artifacts.study_folder import own_folder

    averaged = ensemble and not (number is None and config.final.ensemble)
    name = "best" if number is None else f"trial-{number}"
    return f"{own_folder(config)}/{name}{'-ensemble' if averaged else ''}"
