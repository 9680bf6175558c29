"""Serve optuna-dashboard on the studies of a storage, for this machine's browser."""

from typing import Annotated

import typer

from nas.cli._options import StorageOption, url_of


def dashboard(
    storage: StorageOption = None,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one")] = 8080,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="it has no passwords: leave it on this machine")
    ] = "127.0.0.1",
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="make the tables it shows anew from ours before it starts")
    ] = False,
) -> None:
    """Serve the dashboard until Ctrl-C."""
    from nas.cli.output.console import err
    from nas.dashboard import server

    url = url_of(storage)
    if rebuild:
        _rebuild(url)
    with server(url, host=host, port=port) as running:
        shown = f"[{host}]" if ":" in host else host
        err().print(f"dashboard of {url} at http://{shown}:{running.server_port}/ (end it with Ctrl-C)", soft_wrap=True)
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            err().print("dashboard ended")


def _rebuild(url: str) -> None:
    from nas.dashboard import Projection
    from nas.errors import StorageError
    from nas.storage import Storage
    from nas.study_file import from_json

    with Storage.open(url, create=False) as storage:
        for record in storage.studies():
            config = from_json(record.config)
            projection = Projection(storage, record, config.space, config.objectives)
            projection.rebuild(storage.trials(record.id))
            if projection.trouble:
                raise StorageError(f"the dashboard's tables of study {record.name!r}: {projection.trouble}")
