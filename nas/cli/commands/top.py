"""List the best trials of a study."""

from typing import Annotated

import typer

from nas.cli.garbage_collection import paused
from nas.cli.options import JsonOption, StorageOption, StudyName, url_of


@paused()
def top(
    name: StudyName,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="how many")] = 10,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="METRIC", help="order by this metric, parameters, flops or seconds instead"),
    ] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="only trials no other is better than everywhere")] = False,
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """List the best trials, by the study's objectives unless a metric is named."""
    from nas.cli.output.console import err, out, print_json
    from nas.cli.output.json_lines import trial_document
    from nas.cli.output.leaderboard import board
    from nas.snapshot import leaders

    snapshot, best = leaders(url_of(storage), name, k, by=by, pareto=pareto)
    if json:
        print_json([trial_document(trial, snapshot.config.objectives) for trial in best])
    elif not best:
        err().print(f"study {name} has no usable trial yet", soft_wrap=True)
    else:
        console = out()
        console.print(board(snapshot, best, by, console.width))
