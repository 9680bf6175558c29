"""Show one study: definition, trials, best, test score, environment."""

from nas.cli.garbage_collection import paused
from nas.cli.options import JsonOption, StorageOption, StudyName, on_storage, url_of


@paused()
def show(name: StudyName, storage: StorageOption = None, json: JsonOption = False) -> None:
    """Show one study: what was searched, how it stands, its best network, where it ran."""
    from rich.text import Text

    from nas.cli.output import data_summary, report
    from nas.cli.output.console import facts, out, print_json
    from nas.cli.output.json_lines import study_document
    from nas.snapshot import read_from

    snapshot = read_from(url_of(storage), name)
    if json:
        print_json(study_document(snapshot))
        return
    console = out()
    console.print(facts(report.definition(snapshot)))
    cut = data_summary.Cut(data_summary.ALL, f"{on_storage(f'nas show {name}', url_of(storage))} | less")
    for line in data_summary.lines(snapshot.record.task, cut if console.is_terminal else None):
        console.print(Text(line))
    console.print()
    console.print(report.outcome(snapshot))
    console.print()
    console.print(facts(snapshot.record.environment))
