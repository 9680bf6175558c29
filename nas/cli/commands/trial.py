"""Show one trial: its network, recipe, metrics and curve."""

from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli.options import JsonOption, StorageOption, StudyName, url_of

if TYPE_CHECKING:
    from nas.snapshot import Snapshot
    from nas.trials import Trial


def trial(
    name: StudyName,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=0, help="the trial's number", show_default=False)],
    curve: Annotated[bool, typer.Option("--curve", help="every epoch with all its metrics")] = False,
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """Show one trial: how it ended, its network layer by layer, its recipe, what it measured."""
    from nas.cli.output import report, trials
    from nas.cli.output.console import facts, out, print_json
    from nas.snapshot import one_trial

    snapshot, found = one_trial(url_of(storage), name, number)
    if json:
        print_json(_document(snapshot, found))
        return
    console = out()
    console.print(facts(trials.standing(found)))
    console.print()
    console.print(facts(report.hyperparameters(found, snapshot.config.objectives)))
    console.print(f"\n{trials.network(snapshot, found)}", soft_wrap=True, markup=False)
    console.print()
    console.print(trials.curve(found) if curve else facts(trials.sparklines(found)), soft_wrap=not curve)


def _document(snapshot: "Snapshot", found: "Trial") -> dict[str, object]:
    from nas.cli.output import trials
    from nas.cli.output.json_lines import curve_document, trial_document

    return {
        "study": snapshot.record.name,
        **trial_document(found, snapshot.config.objectives),
        "network": trials.network(snapshot, found),
        "curve": curve_document(found),
    }
