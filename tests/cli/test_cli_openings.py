"""A command that searches opens its database once, whatever it asks of it."""

from pathlib import Path

import pytest
from command_runs import SMALL, Nas

from nas.storage import Storage


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take note of every opening of a database."""
    seen: list[str] = []
    connect = Storage.open

    def noting(url: str, *, create: bool = True) -> Storage:
        seen.append(url)
        return connect(url, create=create)

    monkeypatch.setattr(Storage, "open", noting)
    return seen


def test_a_new_study_opens_it_once(fresh: Nas, opened: list[str]) -> None:
    ran = fresh("run", "study.yaml", *SMALL, "--quiet")
    assert (ran.code, len(opened)) == (0, 1 + 1)  # the first look finds no file


@pytest.mark.parametrize(
    "command",
    [
        ("run", "study.yaml", *SMALL, "--trials", "3", "--quiet"),
        ("run", "study.yaml", *SMALL, "--fork", "--quiet"),
        ("resume", "first", "--trials", "3", "--quiet"),
        ("resume", "first", "--trials", "3", "--fork", "--quiet"),
    ],
)
def test_a_study_on_record_is_gone_on_with_or_forked_by_one_opening(
    command: tuple[str, ...], fresh: Nas, opened: list[str], tmp_path: Path
) -> None:
    assert fresh("run", "study.yaml", *SMALL, "--quiet").code == 0
    opened.clear()
    ran = fresh(*command)
    assert (ran.code, len(opened)) == (0, 1), ran.err
