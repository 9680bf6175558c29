"""Options that several commands share."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from nas.config import USUAL_STORAGE
from nas.redaction import redacted

StorageOption = Annotated[
    str | None,
    typer.Option("--storage", metavar="URL", envvar="NAS_STORAGE", help="the database, such as sqlite:///nas.db"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON on standard output")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="the study file; - is standard input", show_default=False)
]
StudyName = Annotated[str, typer.Argument(metavar="NAME", help="the study's name", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="change the study, such as budget.patience=20; may be repeated"),
]
TrialsOption = Annotated[
    int | None, typer.Option("--trials", metavar="N", min=1, help="search at most so many trials", show_default=False)
]
TimeOption = Annotated[
    str | None,
    typer.Option("--time", metavar="TIME", help="search at most so long, such as 90s, 30m or 2h", show_default=False),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=0,
        help="workers; 0 is one per core, or as many as a cluster has room for",
        show_default=False,
    ),
]
ExecutorOption = Annotated[
    str | None,
    typer.Option("--executor", metavar="NAME", help="where it trains: inline, process or ray", show_default=False),
]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", help="the Ray cluster; local starts one", show_default=False),
]
ForkOption = Annotated[
    bool,
    typer.Option("--fork", help="begin another study with those trials on record that hold under what is changed"),
]
NameOption = Annotated[str | None, typer.Option("--name", metavar="NAME", help="call the study so", show_default=False)]
FinishOption = Annotated[
    bool,
    typer.Option("--finish", help="a signal ends the search alone: the best is still retrained, scored and exported"),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="say nothing but errors and the result")]


def url_of(storage: str | None) -> str:
    """Return the database that was asked for, or the usual one."""
    return storage or USUAL_STORAGE


def on_storage(command: str, url: str) -> str:
    """Return a command as the user types it for this database; the usual one, or the environment's, needs no option."""
    known = url in (USUAL_STORAGE, os.environ.get("NAS_STORAGE"))
    return command if known else f"{command} --storage {shlex.quote(redacted(url))}"
