"""A PostgreSQL server that goes away, comes back, freezes, is full; a network that is slow, deaf or cut.

One search lives through all of it, and goes on by itself.
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from ordeal import Ordeal
from postgres_server import Server
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from nas.dashboard import optuna_study
from nas.storage import Storage

NOTICED = 10.0
"""Seconds in which a search must have noticed that nobody answers."""


@pytest.fixture(scope="module")
def ordeal(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ordeal]:
    ordeal = Ordeal.begin(tmp_path_factory.mktemp("ordeal"), postgres)
    try:
        yield ordeal
        ordeal.end()
    finally:
        ordeal.close()


@pytest.fixture(autouse=True)
def repaired(ordeal: Ordeal) -> Iterator[None]:
    """Mend what a test that failed has left broken."""
    ordeal.settle()
    yield
    ordeal.proxy.set("none")
    ordeal.server.mend()


def backends(ordeal: Ordeal) -> list[object]:
    name = make_url(ordeal.desk.url).database
    return ordeal.server.execute(
        f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND application_name LIKE 'nas %'"
    )


def terminate(ordeal: Ordeal, pids: list[object]) -> None:
    for pid in pids:
        ordeal.server.execute(f"SELECT pg_terminate_backend({pid})")


def all_connections(ordeal: Ordeal) -> Iterator[psycopg.Connection[Any]]:
    """Take every connection that the server still has."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            yield psycopg.connect(ordeal.desk.url.replace("+psycopg", ""))


def test_a_search_outlives_a_server_that_is_back_after_three_seconds(ordeal: Ordeal) -> None:
    ordeal.server.kill()
    ordeal.notice()
    time.sleep(3.0)
    ordeal.server.start()
    ordeal.go_on()


def test_a_search_outlives_a_server_that_is_killed_and_started_again(ordeal: Ordeal) -> None:
    ordeal.server.signal(signal.SIGKILL)
    ordeal.notice()
    ordeal.server.start()
    ordeal.go_on()


def test_a_search_outlives_one_connection_that_is_ended(ordeal: Ordeal) -> None:
    terminate(ordeal, backends(ordeal)[:1])
    ordeal.go_on()


def test_a_search_outlives_a_server_that_has_no_connection_free(ordeal: Ordeal) -> None:
    others = list(all_connections(ordeal))
    terminate(ordeal, backends(ordeal))
    others += all_connections(ordeal)
    ordeal.notice()
    for other in others:
        other.close()
    ordeal.go_on()


def test_a_search_outlives_a_network_that_is_cut(ordeal: Ordeal) -> None:
    ordeal.proxy.set("cut")
    assert ordeal.notice() < NOTICED
    ordeal.proxy.set("none")
    ordeal.go_on()


def test_a_search_goes_on_over_a_slow_network(ordeal: Ordeal) -> None:
    ordeal.proxy.set("slow")
    ordeal.go_on()
    assert ordeal.warnings == ordeal.told


def test_a_search_replaces_connections_that_carry_nothing_any_more(ordeal: Ordeal) -> None:
    ordeal.proxy.set("half-open")
    began = time.monotonic()
    ordeal.go_on()
    assert time.monotonic() - began < 2 * NOTICED  # one that writes, then the one that renews the lease


def test_a_search_notices_a_network_that_swallows_everything(ordeal: Ordeal) -> None:
    ordeal.proxy.set("deaf")
    assert ordeal.notice() < NOTICED
    ordeal.proxy.set("none")
    ordeal.go_on()


def test_the_dashboards_tables_are_given_up_at_once_where_nobody_answers(ordeal: Ordeal) -> None:
    url = make_url(ordeal.desk.url).set(port=ordeal.proxy.port).render_as_string(hide_password=False)
    with Storage.open(url) as storage:
        ordeal.proxy.set("deaf")
        began = time.monotonic()
        with pytest.raises(OperationalError):
            optuna_study.tables(storage)
        assert time.monotonic() - began < NOTICED
    ordeal.proxy.set("none")
    ordeal.go_on()


def test_a_search_notices_a_server_that_is_frozen(ordeal: Ordeal) -> None:
    ordeal.server.signal(signal.SIGSTOP)
    assert ordeal.notice() < NOTICED
    ordeal.server.signal(signal.SIGCONT)
    ordeal.go_on()


def test_a_command_gives_a_frozen_server_up(ordeal: Ordeal) -> None:
    ordeal.server.signal(signal.SIGSTOP)
    began = time.monotonic()
    listing = ordeal.desk.nas("ls", "--storage", ordeal.desk.url)
    assert listing.end() == 6
    assert time.monotonic() - began < NOTICED + 5.0  # with the time that a program takes to start
    assert "the server cannot be reached" in listing.stderr
    assert len(listing.stderr.splitlines()) == 1
