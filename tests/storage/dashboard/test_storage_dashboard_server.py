"""The dashboard's server shows the study, and says where it cannot listen."""

import json
import socket
import sys
from collections.abc import Iterator
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
from optuna_tables import save

from nas.dashboard.projection import Projection
from nas.dashboard.server import server
from nas.errors import DashboardUnusable, StudyNotFound
from nas.storage import Lease, Storage
from nas.trials import Trial


@pytest.fixture
def address(storage: Storage, lease: Lease, projection: Projection, trials: list[Trial], url: str) -> Iterator[str]:
    save(storage, lease, trials)
    projection.update(trials)
    with server(url, port=0) as running:
        thread = Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def fetch(address: str) -> Any:
    with urlopen(address, timeout=10) as answer:
        return json.loads(answer.read(), parse_constant=pytest.fail)  # a browser reads neither NaN nor Infinity


def test_the_dashboard_lists_the_study(address: str) -> None:
    (study,) = fetch(f"{address}/api/studies")["study_summaries"]
    assert study["study_name"] == "first"


def test_the_dashboard_shows_every_trial_truthfully(address: str, trials: list[Trial]) -> None:
    shown = fetch(f"{address}/api/studies/1")["trials"]
    assert [trial["state"].upper() for trial in shown] == [trial.state.value for trial in trials]
    assert shown[0]["values"] == list(trials[0].values)
    assert [point["step"] for point in shown[0]["intermediate_values"]] == [1, 2, 3]


def test_the_dashboard_shows_constraints_as_numbers(address: str) -> None:
    shown = fetch(f"{address}/api/studies/1")["trials"]
    assert [trial["constraints"] for trial in shown if trial["constraints"]] == [[2.0, -1.0], [sys.float_info.max]]


def test_the_dashboard_serves_its_page(address: str) -> None:
    with urlopen(f"{address}/dashboard", timeout=10) as answer:
        assert b"<html" in answer.read().lower()


def test_a_server_on_a_missing_file_says_so_and_creates_none(tmp_path: Any) -> None:
    with pytest.raises(StudyNotFound, match="no database"):
        server(f"sqlite:///{tmp_path}/none.db", port=0)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_reported(address: str, url: str) -> None:
    with pytest.raises(DashboardUnusable, match=r"cannot listen on 127.0.0.1:"):
        server(url, port=int(address.rpartition(":")[2]))


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_a_server_may_listen_on_the_other_loopback(
    storage: Storage, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with server(url, host="::1", port=0) as running:
        assert running.server_port > 0
    assert caplog.text == ""


def test_a_server_beyond_loopback_needs_a_token(storage: Storage, url: str) -> None:
    with pytest.raises(DashboardUnusable, match=r"cannot listen on 0.0.0.0: .*--token-file"):
        server(url, host="0.0.0.0", port=0)
