"""Expressions in a document: conditions and constraints, with the place of every mistake."""

from collections.abc import Callable, Collection

from search_spaces.documents.cursor import Cursor
from search_spaces.errors import SpecError
from search_spaces.expressions import Expression

Check = Callable[[str], None]
"""Raises SpecError for a name that nothing is called."""


def expression(cursor: Cursor, check: Check, words: Collection[str] = ()) -> Expression | None:
    """Read an expression, or report why it is none and which names in it nothing is called.

    `words` are the options that a bare word may be.
    """
    text = cursor.text("", "an expression in quotes, such as 'depth >= 3'")
    if not text.strip():
        cursor.mistake("needs an expression, got nothing") if text else None
        return None
    try:
        found = Expression.parse(text)
    except SpecError as error:
        cursor.mistake(error.problems[0].message, error.problems[0].hint)
        return None
    return found if _known(found.names | (found.words - set(words)), check, cursor) else None


def _known(names: Collection[str], check: Check, cursor: Cursor) -> bool:
    mistakes = 0
    for name in sorted(names):
        try:
            check(name)
        except SpecError as error:
            mistakes += 1
            cursor.mistake(f"{error.problems[0].message} in {cursor.raw!r}", error.problems[0].hint)
    return not mistakes
