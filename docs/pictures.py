"""The picture of the README: what a terminal shows while `nas run examples/digits.yaml` searches, and at its end.

`python -m docs.pictures` runs that search in a terminal of its own and draws the picture anew. It is a recording: its
figures are those of the machine it is made on.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
PICTURE = FOLDER / "images" / "search.svg"
COMMAND = "nas run examples/digits.yaml"
ROWS, COLUMNS = 50, 100
SHOWN = ("trials", "time", "validation", "test", "compared", "baselines", "source", "safetensors")
"""The rows of the summary that the picture has room for."""
_TOKEN = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")
_WITHOUT_FONTS = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Rich's picture fetches a font from elsewhere; the reader's own will do."""


class Screen:
    """A terminal that knows as much as rich asks of it: lines, the cursor going up, a line made empty, colours."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self._row = 0

    def write(self, token: str) -> None:
        """Do what one piece of output says."""
        if token == "\n":
            self._row += 1
            self.lines += [""] * (self._row + 1 - len(self.lines))
        elif token.endswith("A") and token.startswith("\x1b["):
            self._row -= int(token[2:-1] or 1)
        elif token == "\x1b[2K":
            self.lines[self._row] = ""
        elif token != "\r" and not token.startswith("\x1b[?"):
            self.lines[self._row] += token


def recorded(folder: Path) -> tuple[list[str], list[str]]:
    """Run the search in a terminal; return the screen when half of the trials were done, and at its end."""
    screen, halfway = Screen(), list[str]()
    for token in _TOKEN.findall("".join(_output(folder))):
        if token == "\x1b[2K" and not halfway and re.search(r" (3[2-9])/64 trials", "".join(screen.lines)):
            halfway = list(screen.lines)
        screen.write(token)
    return halfway, screen.lines


def _output(folder: Path) -> Iterator[str]:
    shutil.copytree(ROOT / "examples", folder / "examples")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
    command = [sys.executable, "-m", *COMMAND.split()]
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        content = b""
        while chunk := _read(ours):
            content += chunk
    os.close(ours)
    assert process.returncode == 0, content.decode()
    yield content.decode().replace(f"{folder.resolve()}/", "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed: the search has ended
        return b""


def drawn(halfway: list[str], end: list[str]) -> str:
    """Return what matters of both screens as one picture; dots stand for what is left out."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    searching = next(row for row, line in enumerate(halfway) if "searching" in line)
    prompt, dots = Text(f"$ {COMMAND}", "bold"), Text("…", "dim")
    live = [Text.from_ansi(line) for line in halfway[searching:] if line]
    for line in (prompt, dots, *live, dots, *_rows(end)):
        console.print(line, soft_wrap=True)
    svg = console.export_svg(title="nas", code_format=_WITHOUT_FONTS, unique_id="search")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _rows(screen: list[str]) -> Iterator[Text]:
    """Return the rows of the summary that are SHOWN, each with the lines that it goes on in."""
    shown = False
    for line in map(Text.from_ansi, screen):
        name = re.match(r"([a-z_.]+) {2,}\S", line.plain)
        if name or not line.plain:
            shown = bool(name and name[1] in SHOWN)
        if shown:
            yield line


def main() -> None:
    """Draw the picture anew."""
    with tempfile.TemporaryDirectory() as name:
        halfway, end = recorded(Path(name))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(halfway, end), "utf-8")


if __name__ == "__main__":
    main()
