"""The guard in front of the dashboard, which itself lets everybody in and do everything, from any web page too."""

import hmac
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication

from nas.errors import StorageError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
READING = ("GET", "HEAD")
CHANGING = (*READING, "POST", "PUT", "DELETE")
HEALTH = "/healthz"
"""Answered without a token, so that whoever watches the server needs none."""
SHORTEST = 16  # characters of a token
_LARGEST = 2**20  # bytes of a request's body
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

_Answer = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests through to an application that come to a known name, from its own pages and with the token."""

    application: WSGIApplication
    token: str = ""
    """Empty lets everybody in who can reach the server."""
    names: Collection[str] = LOOPBACK
    """By which it may be called: a page elsewhere can let a name of its own lead here."""
    methods: Collection[str] = READING

    def __call__(self, request: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer the request, or let the application do so."""
        answer = self._named(request) or self._health(request) or self._refused(request)
        if answer is None:
            return self.application(request, _with_headers(start))
        status, text, headers = answer
        _with_headers(start)(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
        return [] if request["REQUEST_METHOD"] == "HEAD" else [f"{text}\n".encode()]

    def _named(self, request: Mapping[str, Any]) -> _Answer | None:
        name = _host(f"//{request.get('HTTP_HOST', '')}")[0]
        if name in self.names:
            return None
        return "421 Misdirected Request", f"this server is not called {name!r}: name it with --allow-host", ()

    def _health(self, request: Mapping[str, Any]) -> _Answer | None:
        read = request["PATH_INFO"] == HEALTH and request["REQUEST_METHOD"] in READING
        return ("200 OK", "ok", ()) if read else None

    def _refused(self, request: Mapping[str, Any]) -> _Answer | None:
        if _is_foreign(request):
            return "403 Forbidden", "a page of another site may not ask", ()
        if self.token and not _has_token(request.get("HTTP_AUTHORIZATION", ""), self.token):
            ask = ("WWW-Authenticate", 'Basic realm="nas: any name, the token as password", charset="UTF-8"')
            return "401 Unauthorized", "the token is needed: as password, or as bearer", (ask,)
        if request["REQUEST_METHOD"] not in self.methods:
            return "405 Method Not Allowed", "nothing can be changed here", (("Allow", ", ".join(self.methods)),)
        if _length(request) > _LARGEST:
            return "413 Content Too Large", f"a body may have {_LARGEST} bytes", ()
        return None


def read_token(file: Path) -> str:
    """Return the token in a file.

    Raises:
        StorageError: it cannot be read, or holds no line of at least 16 visible signs.
    """
    try:
        token = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise StorageError(f"cannot read the token in {str(file)!r}: {reason}; make one: {_MAKE}") from error
    if len(token) < SHORTEST or not token.isprintable() or " " in token:
        raise StorageError(f"{str(file)!r} must hold one token of at least {SHORTEST} signs; make one: {_MAKE}")
    return token


_MAKE = "openssl rand -hex 32"


def _is_foreign(request: Mapping[str, Any]) -> bool:
    """Tell whether another site's page asks; following a link from there is no harm, as reading changes nothing."""
    origin = request.get("HTTP_ORIGIN")
    if origin is not None and _host(origin) != _host(f"//{request['HTTP_HOST']}"):
        return True
    follows = request["REQUEST_METHOD"] in READING and request.get("HTTP_SEC_FETCH_MODE") == "navigate"
    return request.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin") and not follows


def _has_token(authorization: str, token: str) -> bool:
    kind, _, given = authorization.partition(" ")
    if kind.lower() == "basic":
        try:
            given = b64decode(given, validate=True).decode("utf-8").partition(":")[2]
        except ValueError:
            return False
    elif kind.lower() != "bearer":
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _host(url: str) -> tuple[str, int | None]:
    """Return the name and the port of a URL; of what is none, something that nothing is called."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _length(request: Mapping[str, Any]) -> int:
    given = request.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else _LARGEST + 1


def _with_headers(start: StartResponse) -> StartResponse:
    def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, [*headers, *_HEADERS], *rest)

    return begin
