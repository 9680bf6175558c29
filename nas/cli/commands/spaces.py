"""List the ready-made search spaces, or print one to copy."""

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import JsonOption


def spaces(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="print this one", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """List the ready-made spaces with what each is for, or print the YAML of one."""
    from nas.cli.output.console import facts, out, print_json
    from search_spaces.errors import UnknownName
    from search_spaces.space_file.load import LIBRARY, library

    if name is not None and name not in library():
        raise UnknownName("space", name, library())
    texts = {found: Path(LIBRARY, f"{found}.yaml").read_text("utf-8") for found in library()}
    shown = {name: texts[name]} if name else texts
    if json:
        print_json([{"name": each, "description": _head(text), "yaml": text} for each, text in shown.items()])
    elif name:
        typer.echo(texts[name], nl=False)
    else:
        out().print(facts({each: _head(text) for each, text in texts.items()}))


def _head(text: str) -> str:
    """Return the first line of a file, which says what the space is."""
    return text.partition("\n")[0].lstrip("# ")
