"""Look after a storage: its status, its schema, its health, a copy of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import JsonOption, StorageOption, on_storage, url_of

db = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@db.command()
def status(storage: StorageOption = None, json: JsonOption = False) -> None:
    """Show what a storage holds, and its schema."""
    from nas.cli.output.console import facts, out, print_json
    from nas.storage import Storage

    with Storage.open(url_of(storage), create=False) as opened:
        found = asdict(opened.status())
    if json:
        print_json(found)
    else:
        rows = {name: f"{value:,}" if isinstance(value, int) else value for name, value in found.items()}
        out().print(facts(rows), soft_wrap=True)


@db.command()
def upgrade(storage: StorageOption = None, json: JsonOption = False) -> None:
    """Raise a storage to the schema of this version."""
    from nas.cli.output.console import out, print_json
    from nas.storage import Storage

    url = url_of(storage)
    before = Storage.upgrade(url)
    with Storage.open(url, create=False) as opened:
        found = opened.status()
    now = found.schema
    if json:
        print_json({"storage": found.url, "before": before, "schema": now})
    else:
        out().print(f"schema {now} already" if before == now else f"schema {before or 'none'} → {now}")


@db.command()
def check(storage: StorageOption = None, json: JsonOption = False) -> None:
    """Look for damage in a storage and its files.

    Reads the whole database, holds rows against each other and checkpoints against their hashes. Exits with 1 when
    something is wrong; a study that was interrupted is not, and is noted.
    """
    from nas.cli.output.console import err, out, print_json
    from nas.snapshot import state_of
    from nas.storage import Storage

    url = url_of(storage)
    with Storage.open(url, create=False) as opened:
        problems = opened.check()
        readable = [] if problems else opened.studies()
    interrupted = [study.name for study in readable if state_of(study) == "INTERRUPTED"]
    notes = [f"interrupted: {on_storage(f'nas resume {name}', url)}" for name in interrupted]
    if json:
        print_json({"sound": not problems, "problems": problems, "notes": notes})
    for problem in () if json else problems:
        out().print(problem, soft_wrap=True, markup=False)
    for note in notes:
        err().print(f"note: {note}", soft_wrap=True, markup=False)
    noun = "problem" if len(problems) == 1 else "problems"
    err().print(f"{len(problems):,} {noun}" if problems else "sound")
    if problems:
        raise typer.Exit(1)


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a file that does not exist yet", show_default=False)],
    storage: StorageOption = None,
    json: JsonOption = False,
) -> None:
    """Copy a storage, also while studies run."""
    from nas.cli.output.console import out, print_json
    from nas.storage import Storage

    with Storage.open(url_of(storage), create=False) as opened:
        opened.backup(file)
    if json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        out().print(f"{file}: {file.stat().st_size:,} bytes", soft_wrap=True)
