"""Redaction: URLs of databases without their passwords, for whatever is shown, logged or recorded.

A URL is taken apart, and shown only where that leaves no doubt about which part is the password. Of any other the
scheme alone is shown: a sign that is not escaped may put a piece of the password where a host or a path is expected.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, quote_plus, unquote

STARS = "***"
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[\w.~%!$'()*+-]*)(?::(?P<password>[\w.~%!$&'()*+,;=:-]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[\w.%-]*)(?P<port>:[0-9]*)?"
    r"(?P<path>/[^?#@=;\s]*)?"
    r"(?:\?(?P<query>[^?#@\s]*))?",
    re.ASCII,
)
_FILE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?)://(?P<path>/[^?]*)(?:\?(?P<query>.*))?", re.ASCII | re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_PATH = re.compile(r"[\w./~ -]*")
_SECRET = re.compile(r"pass|pwd|secret|token|credential|_key$", re.IGNORECASE)
_NESTED = re.compile(r"(?:pass|pwd|secret|token)\w*\s*=", re.IGNORECASE)
_FILES = ("password_file", "passfile")
"""Keys of a query that name a file, whose name is no secret."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A URL taken apart; `query` is pairs of a key and what stands after its =."""

    head: str
    """The scheme with ://."""
    user: str
    password: str | None
    rest: str
    """Host, port and path."""
    query: tuple[str, ...] = ()

    def __str__(self) -> str:
        password = "" if self.password is None else f":{self.password}"
        at = f"{self.user}{password}@" if self.user or password else ""
        return f"{self.head}{at}{self.rest}{'?' if self.query else ''}{'&'.join(self.query)}"


def redacted(url: str) -> str:
    """Return a URL with stars instead of its passwords; of one that cannot be taken apart, its scheme alone."""
    parts = _parts(url)
    if parts is None:
        return _redacted_whole(url)
    query = tuple(f"{pair.partition('=')[0]}={STARS}" if _is_secret(pair) else pair for pair in parts.query)
    return str(replace(parts, password=None if parts.password is None else STARS, query=query))


def without_password(url: str) -> str:
    """Return a URL without its passwords, so that whoever opens it has to bring one."""
    parts = _parts(url)
    if parts is None:
        return _redacted_whole(url)
    return str(replace(parts, password=None, query=tuple(pair for pair in parts.query if not _is_secret(pair))))


def without_secrets(text: str, passwords: Iterable[str]) -> str:
    """Return what somebody else says, such as a driver, with stars wherever one of these passwords stands in it."""
    spellings = {form for password in passwords for form in _spellings(password) if form}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, STARS)
    return text


def is_secret(key: str) -> bool:
    """Return whether a parameter of this name holds a password or the like."""
    return bool(_SECRET.search(key)) and key not in _FILES


def _parts(url: str) -> _Parts | None:
    found = _FILE.fullmatch(url) or _URL.fullmatch(url)
    if found is None:
        return None
    part = found.groupdict()
    rest = f"{part.get('host') or ''}{part.get('port') or ''}{part['path'] or ''}"
    query = tuple(part["query"].split("&")) if part["query"] else ()
    return _Parts(f"{part['scheme']}://", part.get("user") or "", part.get("password"), rest, query)


def _redacted_whole(text: str) -> str:
    """Show the scheme, or a plain path, and nothing else."""
    scheme = _SCHEME.match(text)
    if scheme:
        return scheme[0] + STARS
    return text if _PATH.fullmatch(text) else STARS


def _is_secret(pair: str) -> bool:
    key, _, value = unquote(pair).partition("=")
    return is_secret(key) or bool(_NESTED.search(value))


def _spellings(password: str) -> tuple[str, ...]:
    return password, quote(password), quote(password, safe=""), quote_plus(password), repr(password)[1:-1]
