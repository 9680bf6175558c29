"""Notations of numbers: decimal commas, thousands, percent, currencies, units, dates, negatives in parentheses.

They are found from a column's cells, all of which can be read in them.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from workers.tables.cells import days_of, number_of, plain_number, signed, year_first
from workers.tasks.protocol import Notation

Decimal = Literal["auto", "point", "comma"]
SIGNS = {"point": ".", "comma": ","}

_CURRENCIES = frozenset(
    {"$", "€", "£", "¥", "₹", "₽", "₩", "₺", "R$", "CHF", "DKK", "EUR", "GBP", "JPY", "NOK", "PLN", "SEK", "USD"}
)
_UNITS = frozenset(
    {"%", "‰", "°", "°C", "°F", "kg", "g", "mg", "t", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft", "in", "l"}
    | {"L", "ml", "cl", "s", "sec", "ms", "min", "h", "hr", "hrs", "d", "days", "years", "yrs", "V", "W", "kW", "kWh"}
    | {"Hz", "kHz", "MHz", "GHz", "KB", "MB", "GB", "TB", "px", "mph", "km/h", "bar", "Pa", "hPa", "m²", "m³", "cc"}
)
_BODY = re.compile(
    r"(?P<prefix>[^\d\s.,'+\-\u2212]*)\s?[+\-\u2212]?(?P<body>[\d.,' \u00a0\u202f\u2009]*\d[.,]?)\s?(?P<suffix>\D*)"
)
_FORMS = ((".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
"""Decimal sign and thousands sign."""
ORDERS = ("day first", "month first")
"""How dates are written that do not begin with the year; a column tells where one of its numbers is more than 12."""
_DATE = re.compile(
    r"\d{1,4}[-/. ]([A-Za-z]{3,9}|\d{1,2})[-/. ,]+\d{1,4}(\D.*)?|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}.*|\d{1,2}:\d{2}.*"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The notations in which all cells of a column are numbers, the likeliest first; none where they are texts."""

    notations: tuple[Notation, ...]

    @property
    def ambiguous(self) -> bool:
        """Return whether a comma may be the decimal sign as well as one between thousands."""
        return {notation.get("decimal") for notation in self.notations} == {".", ","}


def plain(cells: Collection[str]) -> bool:
    """Return whether all cells are numbers as programs write them."""
    return all(number_of(cell, {}) is not None for cell in cells)


def notations(cells: Collection[str], decimal: Decimal) -> Found:
    """Find in which notations all of these different cells can be read."""
    if not cells or any(len(cell) > 40 or not any(map(str.isdigit, cell)) for cell in cells):
        return Found(())
    if dates := _dates(cells):
        return Found((dates,))
    accounting = {"accounting": True} if 0 < sum(signed(cell) != cell for cell in cells) < len(cells) else {}
    affixes = _affixes([signed(cell) for cell in cells] if accounting else cells)
    if affixes is None:
        return Found(())
    forms = [form for form in _FORMS if decimal == "auto" or form[0] == SIGNS[decimal] or form == (".", "")]
    if decimal == "comma":
        forms.sort(key=lambda form: form == (".", ""))
    possible = ({"decimal": sign, "thousands": group, **affixes, **accounting} for sign, group in forms)
    return Found(tuple(_without_twins(notation for notation in possible if _reads(notation, cells))))


def _dates(cells: Collection[str]) -> Notation | None:
    """Return how dates are written; None where some cells are none, or day and month could be either way round."""
    if all(days_of(cell) is not None for cell in cells):
        return {"date": True}
    fitting = [order for order in ORDERS if all(days_of(year_first(cell, order)) is not None for cell in cells)]
    return {"date": fitting[0]} if len(fitting) == 1 else None


def _reads(notation: Notation, cells: Collection[str]) -> bool:
    return all(plain_number(cell, notation) for cell in cells)


def _without_twins(found: Iterator[Notation]) -> Iterator[Notation]:
    """Keep the simplest notation for each decimal sign: no thousands where none are needed."""
    seen: set[str] = set()
    for notation in found:
        if notation["decimal"] == "." and notation["thousands"] == "" and not seen:
            yield notation  # plain numbers, but for what stands around them
            return
        if notation["decimal"] not in seen:
            seen.add(notation["decimal"])
            yield notation


def _affixes(cells: Collection[str]) -> Notation | None:
    """Return the one sign or unit that stands before, and the one behind the numbers; None where there are others."""
    prefixes, suffixes = set(), set()
    for cell in cells:
        found = _BODY.fullmatch(cell.lstrip("+-\u2212 "))
        if found is None:
            return None
        prefixes.add(found["prefix"])
        suffixes.add(found["suffix"].strip())
    if "%" in suffixes and len(suffixes) > 1:  # is 0.5 beside 50% the same?
        return None
    prefixes.discard("")
    suffixes.discard("")
    known = prefixes <= _CURRENCIES and suffixes <= _CURRENCIES | _UNITS
    if not known or len(prefixes) > 1 or len(suffixes) > 1:
        return None
    return {"prefix": next(iter(prefixes), ""), "suffix": next(iter(suffixes), "")}


def chosen(found: Found, decimal: str) -> Notation | None:
    """Choose the notation with a decimal sign, or the only one; None where there is no knowing."""
    if not found.notations:
        return None
    if found.ambiguous:
        return next((notation for notation in found.notations if notation["decimal"] == SIGNS.get(decimal)), None)
    return found.notations[0]


def notation_text(notation: Notation) -> str:
    """Return what a column holds, and in what notation that was read."""
    return f"{'dates' if notation.get('date') else 'numbers'}, {how_read(notation)}"


def how_read(notation: Notation) -> str:
    """Return in what notation a column was read."""
    if order := notation.get("date"):
        return f"read {f'with the {order}, ' if order in ORDERS else ''}as days since 1970"
    signs = [
        "a decimal comma" if notation["decimal"] == "," else "",
        f"thousands apart by {notation['thousands']!r}" if notation["thousands"] else "",
        *(f"{notation[place]!r}" for place in ("prefix", "suffix") if notation[place]),
        "parentheses as a minus sign" if notation.get("accounting") else "",
    ]
    read = ", ".join(sign for sign in signs if sign)
    return f"read with {read}" if read else "read as written"


def is_date(cell: str) -> bool:
    """Return whether a cell is a date that could be read, whichever way round day and month are."""
    return any(days_of(year_first(cell, order)) is not None for order in ORDERS)


def looks_like_date(cell: str) -> bool:
    """Return whether a cell looks like a date or a time of day, in whatever notation."""
    return len(cell) <= 40 and _DATE.fullmatch(cell) is not None


def looks_like_number(cell: str) -> bool:
    """Return whether a cell is a number with something known around it."""
    found = _BODY.fullmatch(signed(cell).lstrip("+-\u2212 ")) if len(cell) <= 40 else None
    known = _CURRENCIES | _UNITS | {""}
    return found is not None and found["prefix"] in known and found["suffix"].strip() in known
