"""Reader of one hyper-parameter: a value, a range, a list of options, or options that open their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from search_spaces.candidate import Scalar
from search_spaces.dimensions import Choice, Dimension, Float, Int, parse_range
from search_spaces.documents.cursor import Cursor, boolean_meant
from search_spaces.documents.nodes import ListNode, MapNode, ScalarNode
from search_spaces.errors import SpecError
from search_spaces.hyperparameters import Hyperparameter

MAX_OPTIONS = 1000
WRAPPERS = ("each", "range", "choice", "when")


@dataclass(frozen=True, slots=True)
class Written:
    """One hyper-parameter as a document has it; `value` is None after a mistake."""

    value: Scalar | Dimension | None = None
    each: bool = False
    when: Cursor | None = None
    opened: Mapping[str, Cursor] = field(default_factory=dict)
    """The settings under each option of a choice that has some."""


def written(hyper: Hyperparameter, cursor: Cursor) -> Written:
    """Read a hyper-parameter, reporting what it may not be."""
    node = cursor.node
    if isinstance(node, MapNode):
        keys = {entry.key.raw for entry in node.entries}
        return _wrapped(hyper, cursor) if keys & set(WRAPPERS) or hyper.kind is not str else _options(hyper, cursor)
    if isinstance(node, ListNode):
        return Written(_choice(hyper, cursor))
    if hyper.kind is not str and isinstance(node.value, str) and ".." in node.value:
        return Written(_range(hyper, cursor))
    return Written(value(hyper, cursor))


def value(hyper: Hyperparameter, cursor: Cursor) -> Scalar | None:
    """Read one value of a hyper-parameter, or report why it cannot be one."""
    found = cursor.single
    if found is None:
        cursor.wrong(f"a {hyper.allowed}" if hyper.kind in (int, float) else hyper.allowed)
        return None
    mistake = hyper.mistake(found)
    if mistake:
        cursor.mistake(mistake, _advice(hyper, found, cursor.raw))
        return None
    return hyper.kind(found)


def _advice(hyper: Hyperparameter, found: Scalar, raw: str) -> str:
    if hyper.kind is str and isinstance(found, str) and ".." in found:
        return "a text has no range; write a list of options"
    if hyper.kind is str and not isinstance(found, str):
        return "" if hyper.options else f"write '{raw}' in quotes"
    meant = boolean_meant(raw) if hyper.kind is bool else ""
    return f"write {meant}" if meant else ""


def _wrapped(hyper: Hyperparameter, cursor: Cursor) -> Written:
    fields = cursor.fields(WRAPPERS, hyper.allowed)
    inner = [key for key in ("each", "range", "choice") if key in fields]
    if len(inner) != 1:
        if fields:
            cursor.mistake("needs exactly one of each, range and choice", f"got {', '.join(inner) or 'none'}")
        return Written()
    found = _inside(hyper, inner[0], fields[inner[0]])
    return replace(found, when=fields.get("when", found.when))


def _inside(hyper: Hyperparameter, key: str, cursor: Cursor) -> Written:
    if key == "range":
        if isinstance(cursor.node, ScalarNode) and isinstance(cursor.node.value, str):
            return Written(_range(hyper, cursor))
        cursor.wrong("a range", "such as 1..6 or 1e-4..1e-1 log")
        return Written()
    if key == "choice":
        if isinstance(cursor.node, MapNode) and hyper.kind is str:
            return _options(hyper, cursor)
        return Written(_choice(hyper, cursor))
    return _each(hyper, cursor)


def _each(hyper: Hyperparameter, cursor: Cursor) -> Written:
    if not hyper.each:
        cursor.mistake(f"{hyper.name} is one value for the whole network and cannot be sampled anew", "leave each: out")
        return Written()
    found = written(hyper, cursor)
    if found.each or found.opened:
        cursor.mistake("each: needs a range, a list of options or a value")
        return Written()
    return replace(found, each=True)


def _options(hyper: Hyperparameter, cursor: Cursor) -> Written:
    """Read `{sgd: {lr: …}, adamw: }`: the keys are options, the values what each opens."""
    entries = cursor.entries()
    if isinstance(cursor.node, MapNode) and not entries:
        cursor.mistake("needs at least one option, got none", f"allowed: {hyper.allowed}")
    good = [key for key in entries if _is_option(hyper, cursor, key)]
    opened = {key: entries[key] for key in good if not _empty(entries[key])}
    if len(good) < len(entries) or not good:
        return Written(None, opened=opened)
    return Written(good[0] if len(good) == 1 else Choice(tuple(good)), opened=opened)


def _is_option(hyper: Hyperparameter, cursor: Cursor, key: str) -> bool:
    mistake = hyper.mistake(key)
    if mistake and isinstance(cursor.node, MapNode):
        place = next(entry.key for entry in cursor.node.entries if entry.key.raw == key)
        cursor.at(place, key).mistake(mistake)
    return not mistake


def _empty(cursor: Cursor) -> bool:
    node = cursor.node
    return (isinstance(node, ScalarNode) and node.value is None) or (isinstance(node, MapNode) and not node.entries)


def _choice(hyper: Hyperparameter, cursor: Cursor) -> Scalar | Choice | None:
    items = cursor.items("a list of options")
    if not isinstance(cursor.node, ListNode):
        return None
    if not items or len(items) > MAX_OPTIONS:
        cursor.mistake(f"needs 1 to {MAX_OPTIONS} options, got {len(items) or 'none'}", f"each one {hyper.allowed}")
        return None
    options: list[Scalar] = []
    for item in items:
        option = value(hyper, item)
        if option is not None and option in options:
            item.mistake(f"the option {option!r} is given twice")
        elif option is not None:
            options.append(option)
    if len(options) < len(items):
        return None
    return options[0] if len(options) == 1 else Choice(tuple(options))


def _range(hyper: Hyperparameter, cursor: Cursor) -> Scalar | Dimension | None:
    if hyper.kind in (str, bool):
        cursor.mistake(f"a range is for numbers, {hyper.name} is {hyper.allowed}", "write a list of options")
        return None
    try:
        found = parse_range(cursor.raw)
    except SpecError as error:
        cursor.mistake(error.problems[0].message, error.problems[0].hint)
        return None
    if isinstance(found, Float) and hyper.kind is int:
        return _whole(hyper, found, cursor)
    return _within(hyper, found.as_float() if isinstance(found, Int) and hyper.kind is float else found, cursor)


def _whole(hyper: Hyperparameter, found: Float, cursor: Cursor) -> Scalar | Dimension | None:
    numbers = (found.low, found.high, found.step or 1.0)
    if any(number % 1 for number in numbers):
        cursor.mistake(f"{hyper.name} is a {hyper.allowed}, got the range {cursor.raw!r}", "such as 1..6")
        return None
    low, high, step = (int(number) for number in numbers)
    return _within(hyper, Int(low, high, step, found.log), cursor)


def _within(hyper: Hyperparameter, found: Int | Float, cursor: Cursor) -> Scalar | Dimension | None:
    for end, bound in (("low", found.low), ("high", found.high)):
        mistake = hyper.mistake(bound)
        if mistake:
            cursor.mistake(f"the {end} end {mistake}")
            return None
    if found.low == found.high and "step" in cursor.raw:
        cursor.mistake(f"the step is larger than the range, got {cursor.raw!r}")
        return None
    return hyper.kind(found.low) if found.low == found.high else found
