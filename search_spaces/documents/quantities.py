"""Numbers with units as people write them: durations `2h`, sizes `64MB`, counts `200k`."""

import re

SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
COUNTS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
BYTES = {
    "B": 1.0,
    "kB": 1e3,
    "KB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 1024.0,
    "MiB": 1024.0**2,
    "GiB": 1024.0**3,
}

_QUANTITY = re.compile(r"((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?) ?([A-Za-z]*)")


def quantity(text: str, units: dict[str, float]) -> float | None:
    """Return the number that a text like `2h` stands for, or None when it is not one of these units."""
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in units:
        return None
    return float(match[1]) * units[match[2]]


def duration(text: str) -> float | None:
    """Return the seconds of `90s`, `30m`, `2h`, `1h30m` or `1d`."""
    parts = re.findall(r"[0-9.]+ ?[a-z]+", text)
    if not parts or "".join(parts).replace(" ", "") != text.replace(" ", ""):
        return None
    seconds = [quantity(part, SECONDS) for part in parts]
    return None if None in seconds else sum(part for part in seconds if part is not None)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number of things, one of which is not plural: `1 sample`, `2 samples`, `2 classes`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
