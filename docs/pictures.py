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
    """Return both screens as one picture, without what the second repeats of the first."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    repeated = next((row for row, line in enumerate(end) if row >= len(halfway) or line != halfway[row]), 0)
    for line in (f"\x1b[1m$ {COMMAND}\x1b[0m", *halfway, "", "\x1b[2mat the end:\x1b[0m", "", *end[repeated:]):
        console.print(Text.from_ansi(line.rstrip("\r")), soft_wrap=True)
    svg = console.export_svg(title="nas", code_format=_WITHOUT_FONTS, unique_id="search")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Draw the picture anew."""
    with tempfile.TemporaryDirectory() as name:
        halfway, end = recorded(Path(name))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(halfway, end), "utf-8")


if __name__ == "__main__":
    main()
