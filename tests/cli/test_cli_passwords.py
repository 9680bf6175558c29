"""Every command that may print the address of a database prints none of its password."""

from pathlib import Path

import pytest
from command_runs import STUDY, Nas, run_in

SECRET = "hunter2"
URL = f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/nas"
COMMANDS = (
    ("ls",),
    ("db", "status"),
    ("db", "backup", "copy.db"),
    ("run", "study.yaml"),
    ("check", "study.yaml"),
    ("check", "study.yaml", "--json"),
    ("show", "s", "--json"),
    ("resume", "s"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("url", [URL, URL.replace(SECRET, f"{SECRET} word")], ids=["plain", "blank"])
def test_a_password_is_not_printed(command: tuple[str, ...], url: str, fresh: Nas) -> None:
    ran = fresh(*command, "--storage", url)
    assert SECRET not in ran.out + ran.err
    assert ran.out + ran.err


def test_a_password_from_the_study_file_or_its_environment_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE", URL)
    for storage in (URL, "${DATABASE}"):
        (tmp_path / "study.yaml").write_text(f"{STUDY}storage: {storage}\n", "utf-8")
        ran = run_in(tmp_path, "check", "study.yaml")
        assert "postgresql+psycopg://me:***@127.0.0.1:1/nas" in ran.out
        assert SECRET not in ran.out + ran.err
