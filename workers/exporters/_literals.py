"""Python literals as a formatter writes them: on one line where they fit, else an entry a line."""

from collections.abc import Iterator

WIDTH = 116


def literal(value: object, indent: int = 0) -> str:
    """Write a value of plain types, its later lines indented."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or len(flat) + indent <= WIDTH:
        return flat
    inner = " " * (indent + 4)
    if isinstance(value, dict):
        entries = [f"{_flat(key)}: {literal(below, indent + 4)}," for key, below in value.items()]
    elif any(isinstance(below, dict | list) for below in value):
        entries = [f"{literal(below, indent + 4)}," for below in value]
    else:
        entries = list(_filled([f"{_flat(below)}," for below in value], WIDTH - indent - 4))
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([begin, *(inner + entry for entry in entries), " " * indent + end])


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(key)}: {_flat(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    written = repr(value)
    return f'"{written[1:-1]}"' if isinstance(value, str) and '"' not in written else written


def _filled(entries: list[str], width: int) -> Iterator[str]:
    """Yield lines of as many entries as fit."""
    line = ""
    for entry in entries:
        if line and len(line) + 1 + len(entry) > width:
            yield line
            line = ""
        line = f"{line} {entry}" if line else entry
    yield line
