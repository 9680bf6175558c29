"""Serve optuna-dashboard on the studies of a storage, for this machine's browser."""

import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import StorageOption, url_of
from nas.cli.signals import handled_signals
from nas.redaction import redacted


def dashboard(
    storage: StorageOption = None,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one")] = 8080,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="beyond this machine only with --token-file")
    ] = "127.0.0.1",
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="let in who knows the token in it", show_default=False),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="a name it is called by besides localhost; may be repeated"),
    ] = None,
    writable: Annotated[
        bool, typer.Option("--writable", help="let it rename and delete what it shows; the record never changes")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="make the tables it shows anew from ours before it starts")
    ] = False,
) -> None:
    """Serve the dashboard until Ctrl-C."""
    from nas.cli.output.console import err
    from nas.dashboard.guard import CHANGING, READING, read_token
    from nas.dashboard.server import server

    logging.getLogger("waitress").setLevel(logging.CRITICAL)  # a visitor shall not fill a log
    url = url_of(storage)
    token = read_token(token_file) if token_file else ""
    if rebuild:
        _rebuild(url)
    methods = CHANGING if writable else READING
    with server(url, host=host, port=port, token=token, names=allow_host or (), methods=methods) as running:
        shown = f"[{host}]" if ":" in host else host
        where = f"http://{shown}:{running.server_port}/"
        for number in handled_signals():  # it ends alike in a terminal, with it, and in a container
            signal.signal(number, lambda *_: running.shutdown())
        err().print(f"dashboard of {redacted(url)} at {where} (end it with Ctrl-C)", soft_wrap=True)
        running.serve_forever()
    err().print("dashboard ended")


def _rebuild(url: str) -> None:
    from nas.dashboard.projection import Projection
    from nas.errors import StorageError
    from nas.storage import Storage
    from nas.study_file.load import from_json

    with Storage.open(url, create=False) as storage:
        for record in storage.studies():
            config = from_json(record.config)
            projection = Projection(storage, record, config.space, config.objectives)
            projection.rebuild(storage.trials(record.id))
            projection.sum_up(record, storage.artifacts(record.id))
            if projection.trouble:
                raise StorageError(f"the dashboard's tables of study {record.name!r}: {projection.trouble}")
