"""kill -9 of the controller before and after each of its commits, and between any two statements of a migration."""

import sys
from pathlib import Path

import pytest
from outside import Desk, small
from postgres_server import Server

WALK = Path(__file__).parent / "walk.py"
HERE = (WALK.parent, WALK.parents[1])
QUICK = 5
"""Between two fail points that `make test` meets; `make chaos` meets all."""


def walked(desk: Desk, *arguments: object) -> list[str]:
    """Walk, and return the numbers of the fail points that were met."""
    desk.plugins = HERE
    run = desk.launch(sys.executable, WALK, *arguments)
    assert run.process.wait(3600) == 0, run.stderr
    *met, end = run.out.read_text().split()
    assert end == "end"
    return met


def walk_a_study(desk: Desk, kind: str, stride: int) -> int:
    """Return how many fail points a small study was ended at; each time it must go on as if nothing had been."""
    export = "source, safetensors" if stride == 1 else ""  # exporting is slow
    file = desk.write(small(trials=3, epochs=2, batch_size=64, seeds=1) + f"artifacts: {{export: [{export}]}}\n")
    return len(walked(desk, "search", desk.url, file, kind, 1 + stride // 2, stride))


def test_a_fail_point_that_is_none_is_refused_with_what_is_allowed(desk: Desk) -> None:
    desk.variables = {"NAS_FAIL_AT": "commit:0"}
    run = desk.nas("ls", "--storage", desk.url)
    assert run.end() == 4, "no file, no fail point"
    run = desk.nas("run", desk.write(small()), "--storage", desk.url)
    assert run.end() == 2
    assert "NAS_FAIL_AT='commit:0': allowed are commit:N, committed:N and statement:N" in run.stderr


@pytest.mark.parametrize("kind", ["commit", "committed"])
def test_a_controller_killed_at_some_of_its_commits_loses_nothing(desk: Desk, kind: str) -> None:
    assert walk_a_study(desk, kind, QUICK) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["commit", "committed"])
def test_a_controller_killed_at_each_of_its_commits_loses_nothing(any_desk: Desk, kind: str) -> None:
    assert walk_a_study(any_desk, kind, 1) >= 10


def test_a_migration_killed_at_some_statements_can_be_done_again(desk: Desk) -> None:
    urls = [f"sqlite:///{desk.folder}/{number}.db" for number in range(40)]
    assert len(walked(desk, "open", "statement", 1, QUICK, *urls)) >= 2


@pytest.mark.slow
def test_a_migration_of_a_file_killed_at_any_statement_can_be_done_again(desk: Desk) -> None:
    urls = [f"sqlite:///{desk.folder}/{number}.db" for number in range(100)]
    assert len(walked(desk, "open", "statement", 1, 1, *urls)) >= 10


@pytest.mark.slow
def test_a_migration_of_a_server_killed_at_any_statement_can_be_done_again(desk: Desk, postgres: Server) -> None:
    urls = [postgres.database() for _ in range(60)]
    try:
        assert len(walked(desk, "open", "statement", 1, 1, *urls)) >= 10
    finally:
        for url in urls:
            postgres.drop(url)
