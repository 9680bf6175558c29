"""Escaping of foreign text for a terminal: errors of trials, names of files, classes and keys.

What would move the cursor, change a colour or the order of letters, or is no character at all, is shown as it is
written in Python. Nothing of it is read as markup.
"""

import re
from collections.abc import Iterable
from typing import Any

from rich import console
from rich.segment import Segment
from rich.text import Text

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters but tab and line end, what turns the direction of writing, what has no width, lone surrogates."""


def escaped(text: str) -> str:
    """Return a text that a terminal shows and does not obey; lines and tabs stay."""
    return _UNSEEN.sub(lambda found: repr(found[0])[1:-1], text)


class Console(console.Console):
    """A console that escapes whatever it is given to print, and reads no markup in it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Turn a text into one that knows its width as it will be shown."""
        return super().render_str(escaped(text), **settings)

    def render(
        self, renderable: console.RenderableType, options: console.ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Turn what is to be printed into pieces of text; control codes of the console's own stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(escaped(segment.text), segment.style)
