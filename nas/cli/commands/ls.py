"""List the studies: state, trials, best value, age."""

from typing import TYPE_CHECKING

from nas.cli.garbage_collection import paused
from nas.cli.options import JsonOption, StorageOption, url_of

if TYPE_CHECKING:
    from nas.snapshot import Snapshot


@paused()
def ls(storage: StorageOption = None, json: JsonOption = False) -> None:
    """List all studies of a storage, oldest first."""
    from nas.cli.output import humanize
    from nas.cli.output.console import err, out, print_json, table
    from nas.cli.output.report import test_score
    from nas.snapshot import read, valued
    from nas.storage import Storage

    with Storage.open(url_of(storage), create=False) as opened:
        found = [read(opened, record) for record in opened.studies()]
    if json:
        print_json([_document(snapshot) for snapshot in found])
        return
    if not found:
        err().print("there are no studies yet; start one with: nas run FILE")
        return
    shown = table("name", "state", "#trials", "validation", "test", "begun")
    for item in found:
        best = item.best
        reached = humanize.scores("", valued(best, item.config.objectives)).strip() if best else ""
        begun = humanize.age(item.record.created_at)
        score = test_score(item.record.result).partition(" over ")[0]
        shown.add_row(item.record.name, item.state.lower(), f"{len(item.standings):,}", reached, score, begun)
    out().print(shown)


def _document(snapshot: "Snapshot") -> dict[str, object]:
    from nas.cli.output.json_lines import best_document, final_document
    from nas.snapshot import tally

    best, record = snapshot.best, snapshot.record
    return {
        "study": record.name,
        "state": snapshot.state,
        "task": record.task.name,
        "trials": tally(snapshot.standings),
        "states": record.counts,
        "best": best_document(best, snapshot.config.objectives) if best else None,
        "test": record.result.get("test"),
        **final_document(record.result),
        "seconds": record.seconds,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }
