"""Ask a running study to finish its current epochs and stop."""

import time
from typing import Annotated

import typer

from nas.cli.options import JsonOption, StorageOption, StudyName, url_of

_LOOK = 0.2
"""Seconds between two looks at a study that is waited for."""


def stop(
    name: StudyName,
    storage: StorageOption = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="end the search, but retrain, score and export the best so far")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="return when the study has stopped")] = False,
    json: JsonOption = False,
) -> None:
    """Ask a running study to drain, to be resumed later, or to finish with what it has."""
    from nas.cli.output.console import err, print_json
    from nas.snapshot import state_of
    from nas.storage import Storage

    with Storage.open(url_of(storage), create=False) as opened:
        record = opened.study(name)
        asked = record.holder is not None
        if asked:
            what = "finish" if finish else "stop"
            record = opened.request(name, what)
            err().print(f"asked {record.holder} to {what} study {name}", soft_wrap=True)
        else:
            err().print(f"no controller runs study {name}: it is {state_of(record).lower()}", soft_wrap=True)
        while wait and record.holder is not None:
            time.sleep(_LOOK)
            record = opened.study(name)
    if json:
        print_json({"study": name, "asked": asked, "state": state_of(record)})
