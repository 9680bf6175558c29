"""Numbers as people write them: `64`, `1e-4`, `200k`, `1.5M`."""

import re

NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[kMG]?(?![\w.])"
"""A number without a sign; k, M and G are 10³, 10⁶ and 10⁹."""

_SIGNED = re.compile(rf"(?P<sign>[+-]?)(?P<digits>{NUMBER})")
_SUFFIXES = {"k": 10**3, "M": 10**6, "G": 10**9}


def number_of(text: str) -> int | float | None:
    """Read a number; None if it is none. Without point and exponent, or whole with a suffix, it is an int."""
    match = _SIGNED.fullmatch(text)
    if match is None or len(text) > 64:
        return None
    digits = match["digits"]
    scale = _SUFFIXES.get(digits[-1], 1)
    value = _plain(digits[:-1]) * scale if scale > 1 else _plain(digits)
    whole = scale > 1 and value == value // 1
    sized = int(value) if whole else value
    return -sized if match["sign"] == "-" else sized


def _plain(digits: str) -> int | float:
    return int(digits) if digits.isdigit() else float(digits)
