"""What a cell of a table says: a number in the notation of its column, or a date. An exported network carries this."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np


def number_of(cell: Any, notation: Mapping[str, Any]) -> float | None:
    """Return the number that a cell holds, or None; a text is read in the notation of its column.

    A notation says `decimal` and `thousands`, the signs, and `prefix` and `suffix`, such as $ or %; an empty one is the
    plain notation of programs. With `accounting`, (5) is -5. `{"date": …}` reads dates as days since 1970: "day first"
    or "month first", and true where all begin with the year.
    """
    if isinstance(cell, int | float | np.number | np.bool_):
        return float(cell) if math.isfinite(cell) else None
    text = str(cell).strip()
    if notation.get("date"):
        return days_of(year_first(text, notation["date"]))
    if notation:
        text = plain_number(text, notation)
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None  # Python alone would take 1_000 for a number


def plain_number(text: str, notation: Mapping[str, Any]) -> str:
    """Write a number that stands in a notation as programs do; return an empty text where it is none."""
    for blank in ("\u00a0", "\u202f", "\u2009"):
        text = text.replace(blank, " ")
    text = text.replace("\u2212", "-")
    if notation.get("accounting"):
        text = signed(text)
    prefix, suffix = re.escape(notation["prefix"]), re.escape(notation["suffix"])
    decimal, thousands = re.escape(notation["decimal"]), re.escape(notation["thousands"])
    grouped = rf"[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+|" if thousands else ""
    number = rf"(?:{grouped}[0-9]+)(?:{decimal}[0-9]*)?(?:[eE][+-]?[0-9]+)?|{decimal}[0-9]+"
    found = re.fullmatch(rf"([+-]?) ?(?:{prefix})? ?([+-]?)({number}) ?(?:{suffix})?", text)
    if found is None or (found[1] and found[2]):
        return ""
    digits = found[3].replace(notation["thousands"], "") if notation["thousands"] else found[3]
    return f"{found[1] or found[2]}{digits.replace(notation['decimal'], '.')}"


def signed(text: str) -> str:
    """Write a negative number of accounting, such as (1,234.50) or $(5), with a minus; any other text as it is."""
    found = re.fullmatch(r"([^\d()+-]*)\(([^\d()+-]*\d[^()+-]*)\)([^\d()+-]*)", text)
    return f"-{found[1]}{found[2].strip()}{found[3]}" if found else text


def year_first(text: str, order: Any) -> str:
    """Write a date such as 31/12/2024 or 31.12.2024, its day or its month first, as 2024-12-31; others as they are."""
    found = re.fullmatch(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:,?[ T](\d{1,2})(:.*))?", text)
    if found is None or order not in ("day first", "month first"):
        return text
    day, month = (found[1], found[3]) if order == "day first" else (found[3], found[1])
    time = f" {found[5]:0>2}{found[6]}" if found[5] else ""
    return f"{found[4]}-{month:0>2}-{day:0>2}{time}"


def days_of(text: str) -> float | None:
    """Return the days from 1970 to a date that is written year first, with or without its time of day, or None."""
    day, time = r"(\d{4})[-/](\d{2})[-/](\d{2})", r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
    found = re.fullmatch(rf"{day}(?:[ T]({time}) ?(Z|[+-]\d{{2}}:?\d{{2}})?)?", text)
    if found is None:
        return None
    zone = {None: "+00:00", "Z": "+00:00"}.get(found[5], f"{(found[5] or '')[:3]}:{(found[5] or '')[-2:]}")
    whole, _, part = (found[4] or "00:00").partition(".")
    try:
        moment = datetime.fromisoformat(f"{found[1]}-{found[2]}-{found[3]}T{whole}{zone}")
    except ValueError:  # the 31st of February
        return None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() + float(f"0.{part or 0}")
    return seconds / 86400
