"""The dashboard is served to whom it should be: by its name, from its own pages, with the token, and for reading."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from nas.dashboard.guard import CHANGING, SHORTEST, read_token
from nas.dashboard.projection import Projection
from nas.dashboard.server import DashboardServer, server
from nas.errors import DashboardUnusable
from nas.storage import Storage
from nas.study_file.load import loads, to_json
from workers.messages import TaskInfo

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-24-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STUDY = """\
name: guarded
task: digits
space: {family: mlp, depth: 1..2, optimizer: {sgd: {lr: 0.1}}}
objective: maximize accuracy
"""
DIGITS = TaskInfo("digits", "classification", (1, 8, 8), 10, (1, 1, 1), ("accuracy",), "cross_entropy", "")


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    headers: http.client.HTTPMessage
    body: bytes


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('guard')}/nas.db"
    config = loads(STUDY)
    with Storage.open(url) as storage:
        record = storage.create(config.name, to_json(config), DIGITS, {})
        Projection(storage, record, config.space, config.objectives).update([])
    return url


def serving(running: DashboardServer) -> Iterator[int]:
    with running:
        thread = Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def port(url: str) -> Iterator[int]:
    """Serve with a token, under one more name."""
    yield from serving(server(url, port=0, token=TOKEN, names=["nas.example"]))


@pytest.fixture(scope="module")
def writable(url: str) -> Iterator[int]:
    yield from serving(server(url, port=0, methods=CHANGING))


def ask(port: int, path: str = "/api/studies", *, method: str = "GET", **headers: str) -> Answer:
    """Ask with headers whose names have _ for -."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers=given)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def test_who_has_the_token_sees_the_study(port: int) -> None:
    shown = json.loads(ask(port, **BEARER).body)
    assert [study["study_name"] for study in shown["study_summaries"]] == ["guarded"]


def test_a_browser_gives_the_token_as_password(port: int) -> None:
    assert ask(port, Authorization=f"Basic {b64encode(f'anybody:{TOKEN}'.encode()).decode()}").code == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Digest {TOKEN}", "Basic !", "Basic /w==", f"Basic {TOKEN}"],
)
def test_a_stranger_is_asked_for_the_token(port: int, authorization: str) -> None:
    answer = ask(port, Authorization=authorization)
    assert (answer.code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")


@pytest.mark.parametrize("path", ["/", "/dashboard", "/static/bundle.js", "/csv/1", "/api/studies/1", "/healthz/"])
def test_nothing_is_shown_without_the_token(port: int, path: str) -> None:
    assert ask(port, path).code == 401


def test_the_health_is_told_without_a_token(port: int) -> None:
    assert (ask(port, "/healthz").code, ask(port, "/healthz").body) == (200, b"ok\n")


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "127.0.0.2", ""])
def test_an_unknown_name_is_refused(port: int, name: str) -> None:
    assert ask(port, Host=name, **BEARER).code == 421


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "nas.example:443"])
def test_a_known_name_is_answered(port: int, name: str) -> None:
    assert ask(port, Host=name, **BEARER).code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "", "http://["])
def test_a_page_of_another_origin_is_refused(port: int, origin: str) -> None:
    assert ask(port, Origin=origin, **BEARER).code == 403


def test_its_own_page_is_answered(port: int) -> None:
    own = {"Origin": f"http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}
    assert ask(port, **own, **BEARER).code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_embeds_is_refused(port: int, site: str) -> None:
    assert ask(port, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors", **BEARER).code == 403


def test_a_link_elsewhere_may_be_followed(port: int) -> None:
    assert ask(port, "/dashboard", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", **BEARER).code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(port: int, method: str) -> None:
    answer = ask(port, "/api/studies/1", method=method, **BEARER)
    assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_what_it_shows_can_be_deleted_where_that_was_asked_for(writable: int, url: str) -> None:
    assert ask(writable, "/api/studies/1/rename", method="POST", Origin="http://evil.example").code == 403
    assert ask(writable, "/api/studies/1", method="DELETE").code == 204
    with Storage.open(url) as storage:
        assert [record.name for record in storage.studies()] == ["guarded"]


def test_a_long_body_is_refused(writable: int) -> None:
    assert ask(writable, method="POST", Content_Length=str(2**20 + 1)).code == 413


def said(port: int, request: str) -> int:
    """Send exactly this, and return the code of the answer."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        connection.sendall(request.encode("latin-1"))
        return int(connection.recv(100).split()[1])


@pytest.mark.parametrize(
    "host", ["evil.example@localhost", "localhost/evil.example", "localhost:1:2", "[", "a b", "localhost:", "l\xf6"]
)
def test_a_host_that_is_no_name_is_refused(writable: int, host: str) -> None:
    assert said(writable, f"GET /dashboard HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n") == 400


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/dashboard", f"Content-Length: {'9' * 5000}\r\n", 400),
        ("/dashboard", "Content-Length: -1\r\n", 400),
        ("/dashboard", "Content-Length: 1048577\r\n", 413),
        ("/static/%00", "", 400),
        ("/static/%0d%0a", "", 400),
        ("/static/../../etc/passwd", "", 403),
        ("/api/studies/0?after=abc", "", 400),
        ("/api/studies/0?after=" + "9" * 5000, "", 400),
        ("/api/studies/" + "9" * 5000, "", 400),
        ("/api/studies/" + "9" * 30, "", 404),
        ("/static/%c3%28", "", 400),
        ("/static/%c3%b6", "", 404),
        ("/dashboard?" + "a=1&" * 200, "", 400),
        ("/dashboard", f"X: {'x' * 70_000}\r\n", 431),
        ("/" + "x" * 70_000, "", 431),
    ],
)
def test_an_odd_request_is_refused_as_such(
    writable: int, path: str, headers: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert said(writable, f"{head}{headers}\r\n") == code
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("path", ["/dashboard", "/static/bundle.js", "/favicon.ico"])
def test_a_client_that_takes_no_packed_answers_is_answered(writable: int, path: str) -> None:
    assert said(writable, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == 200


def test_requests_that_never_end_are_ended_and_the_health_is_told_meanwhile(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.dashboard.server._CONNECTIONS", 20)
    monkeypatch.setattr("nas.dashboard.server._DEADLINE", 2)
    monkeypatch.setattr("nas.dashboard.server._CROWDED", 1.0)
    for port in serving(server(url, port=0)):
        slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(30)]
        for each in slow:
            each.sendall(b"GET / HT")
        assert ask(port, "/healthz").code == 200
        for each in slow:
            with suppress(ConnectionError):
                assert each.recv(1) == b""  # it was closed by the server
            each.close()


def test_no_page_may_frame_it(port: int) -> None:
    headers = ask(port, "/dashboard", **BEARER).headers
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert read_token(tmp_path / "token") == TOKEN


@pytest.mark.parametrize("content", ["", "x" * (SHORTEST - 1), f"{TOKEN}\n{TOKEN}", f"{TOKEN} {TOKEN}"])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(DashboardUnusable, match=f"at least {SHORTEST} signs; make one: openssl rand -hex 32"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize("content", [None, b"\xff" * 32])
def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(DashboardUnusable, match=r"cannot read the token in .*token"):
        read_token(tmp_path / "token")


def test_the_command_ends_with_sigterm_and_shows_no_token(url: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    options = ["--storage", url, "--port", "0", "--host", "0.0.0.0", "--token-file", str(tmp_path / "token")]
    command = [sys.executable, "-m", "nas", "dashboard", *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert (process.returncode, rest) == (0, "dashboard ended\n"), first
    assert TOKEN not in first
