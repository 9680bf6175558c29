"""Values in plain text, as a study file or a person writes them, not as Python does: true, 3, 4, 8×8."""

from collections.abc import Iterable


def plain(value: object) -> str:
    """Write a value as a study file does: `true`, `[1, 2]`; a text as it is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{listed(value)}]" if isinstance(value, tuple | list) else str(value)


def quoted(value: object) -> str:
    """Write a value as a study file does, texts in quotes, so that their ends are seen."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(quoted, value))}]"
    return repr(value) if isinstance(value, str) else plain(value)


def listed(values: Iterable[object]) -> str:
    """Write values one after another: `3, 4`."""
    return ", ".join(map(plain, values))


def shaped(shape: Iterable[object]) -> str:
    """Write the shape of an array: `1797×8×8`."""
    return "×".join(map(str, shape)) or "of a single number"
