"""Guard of the dashboard: authentication and protection against requests of other web pages, which it lacks itself."""

import hmac
import logging
import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication

from nas.errors import DashboardUnusable

LOOPBACK = ("127.0.0.1", "::1", "localhost")
READING = ("GET", "HEAD")
CHANGING = (*READING, "POST", "PUT", "DELETE")
HEALTH = "/healthz"
"""Answered without a token, so that whoever watches the server needs none."""
SHORTEST = 16  # characters of a token
LARGEST = 2**20
"""Bytes of a request's body."""
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?")
_SMALL = re.compile(r"-?[0-9]{1,18}")
_NUMBERS = ("after", "before", "limit", "offset")
"""Parameters of the dashboard that are whole numbers."""
_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What the dashboard raises where a request makes no sense to it."""
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_log = logging.getLogger(__name__)

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
        return _say(answer, request, start) if answer else self._ask(request, start)

    def _ask(self, request: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Return the application's answer; what it raises is reported without a traceback."""
        request.setdefault("HTTP_ACCEPT_ENCODING", "")  # it takes for granted that there is one
        try:
            return self.application(request, _with_headers(start))
        except _ERRORS:
            _log.debug("the dashboard cannot answer %s", request["PATH_INFO"], exc_info=True)
            return _say(("400 Bad Request", "the request makes no sense here", ()), request, start)
        except Exception as error:  # the database is away, or the dashboard errs
            _log.debug("the dashboard cannot answer %s", request["PATH_INFO"], exc_info=True)
            told = f"no answer: {type(error).__name__}; try again, or see nas db check"
            return _say(("503 Service Unavailable", told, ()), request, start)

    def _named(self, request: Mapping[str, Any]) -> _Answer | None:
        given = request.get("HTTP_HOST", "")
        if given and _HOST.fullmatch(given) is None:
            return "400 Bad Request", "the header Host is no name with a port", ()
        name = _host(given)[0]
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
        if _is_senseless(request):
            return "400 Bad Request", "the path or a parameter makes no sense", ()
        if request["REQUEST_METHOD"] not in self.methods:
            return "405 Method Not Allowed", "nothing can be changed here", (("Allow", ", ".join(self.methods)),)
        if _length(request) > LARGEST:
            return "413 Content Too Large", f"a body may have {LARGEST} bytes", ()
        return None


def read_token(file: Path) -> str:
    """Return the token in a file.

    Raises:
        DashboardUnusable: it cannot be read, or holds no line of at least 16 visible signs.
    """
    try:
        token = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise DashboardUnusable(f"cannot read the token in {str(file)!r}: {reason}; make one: {_MAKE}") from error
    if len(token) < SHORTEST or not token.isprintable() or " " in token:
        raise DashboardUnusable(f"{str(file)!r} must hold one token of at least {SHORTEST} signs; make one: {_MAKE}")
    return token


_MAKE = "openssl rand -hex 32"


def _is_foreign(request: Mapping[str, Any]) -> bool:
    """Return whether another site's page asks; following a link from there is no harm, as reading changes nothing."""
    origin = request.get("HTTP_ORIGIN")
    if origin is not None and _host(origin.partition("://")[2]) != _host(request["HTTP_HOST"]):
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


def _host(given: str) -> tuple[str, int | None]:
    """Return name and port as a header gives them; of what is none, something that nothing is called."""
    match = _HOST.fullmatch(given)
    if match is None:
        return "", None
    return match["name"].strip("[]").lower(), int(match["port"]) if match["port"] else None


def _is_senseless(request: Mapping[str, Any]) -> bool:
    """Return whether a path has signs that no path has, or a parameter that should be a number is none."""
    try:
        given = parse_qs(request.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=100)
        path = request["PATH_INFO"].encode("latin-1").decode("utf-8")  # as WSGI gives it
    except ValueError:
        return True
    numbers = [text for name in _NUMBERS for text in given.get(name, ())]
    return not path.isprintable() or not all(_SMALL.fullmatch(text) for text in numbers)


def _length(request: Mapping[str, Any]) -> int:
    given = request.get("CONTENT_LENGTH") or "0"
    return int(given) if _SMALL.fullmatch(given) else LARGEST + 1


def _say(answer: _Answer, request: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
    status, text, headers = answer
    content = f"{text}\n".encode()
    length = ("Content-Length", str(len(content)))
    _with_headers(start)(status, [("Content-Type", "text/plain; charset=utf-8"), length, *headers])
    return [] if request["REQUEST_METHOD"] == "HEAD" else [content]


def _with_headers(start: StartResponse) -> StartResponse:
    def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, [*headers, *_HEADERS], *rest)

    return begin
