"""Menu choice: a name from a menu with its own settings: `tpe`, or `{tpe: {startup: 8}}`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from search_spaces.candidate import Named, Settings, Value
from search_spaces.documents.cursor import Cursor
from search_spaces.documents.nodes import ListNode, MapNode, ScalarNode
from search_spaces.errors import NasError, nearest
from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.registry import Menu
from search_spaces.space_file.dimensions import value


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """Choices of a menu, and the settings of each."""

    noun: str
    names: Collection[str]
    settings: Callable[[str], tuple[Hyperparameter, ...]]
    hint: str = ""
    """What somebody who chose none of them may have wanted."""


def choice_of(menu: Menu, hint: str = "") -> MenuChoice:
    """Offer the entries of a menu."""
    return MenuChoice(menu.noun, menu.names(), lambda name: hyperparameters(menu.load(name)), hint)


def default(offer: MenuChoice, name: str) -> Named:
    """Return an entry with all its defaults."""
    return Named(name, Settings({hyper.name: hyper.default for hyper in offer.settings(name)}))


def read_named(cursor: Cursor, offer: MenuChoice, *, besides: Collection[str] = ()) -> Named | None:
    """Read a name and its settings, every default filled in; None after a mistake. `besides` are keys of no entry."""
    if isinstance(cursor.node, ScalarNode):
        name = cursor.name(offer.names, offer.noun, hint=offer.hint)
        return _filled(cursor, None, offer, name) if name else None
    entries = cursor.entries(f"the name of a {offer.noun}, or {{name: {{setting: value}}}}")
    names = [key for key in entries if key not in besides]
    if isinstance(cursor.node, MapNode) and len(names) != 1:
        cursor.mistake(f"needs one {offer.noun}, got {', '.join(names) or 'none'}", f"one of: {', '.join(offer.names)}")
    if len(names) != 1:
        return None
    name = names[0]
    if name not in offer.names:
        entries[name].mistake(f"unknown {offer.noun} {name!r}{nearest(name, sorted(offer.names))}", offer.hint)
        return None
    return _filled(entries[name], entries[name], offer, name)


def _filled(cursor: Cursor, settings: Cursor | None, offer: MenuChoice, name: str) -> Named | None:
    try:
        known = {hyper.name: hyper for hyper in offer.settings(name)}
    except NasError as error:  # another distribution's entry that does not import
        cursor.mistake(str(error))
        return None
    given = {} if settings is None or _nothing(settings) else settings.fields(known)
    for hyper in known.values():
        if hyper.required and hyper.name not in given:
            cursor.mistake(f"{name} needs {hyper.name!r}", hyper.doc)
    filled: dict[str, Value] = {key: hyper.default for key, hyper in known.items()}
    for key, below in given.items():
        found = _texts(below) if known[key].is_list else value(known[key], below)
        filled[key] = filled[key] if found is None else found
    return Named(name, Settings(filled))


def _texts(cursor: Cursor) -> str | tuple[str, ...] | None:
    """Read a list of texts, or one text with commas between them; a number counts as it is written."""
    if isinstance(cursor.node, ScalarNode) and cursor.node.value is not None:
        return cursor.raw
    items = cursor.items("a list of texts")
    wrong = [item for item in items if not isinstance(item.node, ScalarNode) or not item.raw]
    for item in wrong:
        item.wrong("text")
    return None if wrong or not isinstance(cursor.node, ListNode) else tuple(item.raw for item in items)


def _nothing(cursor: Cursor) -> bool:
    return isinstance(cursor.node, ScalarNode) and cursor.node.value is None
