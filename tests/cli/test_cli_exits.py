"""Exit codes, and that a user reads lines, never a traceback."""

import errno
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from command_runs import SMALL, Nas, Ran, run_in

from nas.cli.exit_codes import CODES, code_of, report_error
from nas.storage import Storage
from search_spaces.errors import NasError


def test_thirteen_errors_have_a_code_of_their_own() -> None:
    assert len(CODES) == 13
    assert set(CODES.values()) == {2, 3, 4, 5, 6, 7, 8, 9}


def test_any_other_of_our_errors_is_1() -> None:
    assert code_of(NasError("x")) == 1


def test_a_full_disk_is_6() -> None:
    assert code_of(OSError(errno.ENOSPC, "No space left on device")) == 6


def test_an_unknown_option_is_2(nas: Nas) -> None:
    assert nas("ls", "--bogus").code == 2


def test_every_mistake_of_a_study_file_has_its_place(fresh: Nas, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: a\ntask: digitz\nspace: mpl\n", "utf-8")
    ran = fresh("run", "bad.yaml")
    assert ran.code == 3
    assert [line.split(" ")[0] for line in ran.err.splitlines()] == ["bad.yaml:2:7:", "bad.yaml:3:8:"]


def test_a_bad_study_file_leaves_nothing_behind(fresh: Nas, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("name: a\n", "utf-8")
    fresh("run", "study.yaml")
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


def test_a_missing_file_is_3(fresh: Nas) -> None:
    ran = fresh("check", "none.yaml")
    assert ran.code == 3
    assert "none.yaml" in ran.err


def test_an_unknown_study_is_4_with_the_nearest(nas: Nas) -> None:
    ran = nas("show", "frist")
    assert (ran.code, ran.err) == (4, "error: no study 'frist' (did you mean 'first'?)\n")


def test_a_missing_database_is_4_and_stays_missing(fresh: Nas, tmp_path: Path) -> None:
    assert fresh("ls").code == 4
    assert not (tmp_path / "nas.db").exists()


def test_another_definition_under_the_same_name_is_5(nas: Nas) -> None:
    ran = nas("run", "study.yaml", "--seed", "9")
    assert ran.code == 5
    assert "seed" in ran.err


def test_a_study_that_is_run_elsewhere_is_5(fresh: Nas, tmp_path: Path) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    with Storage.open(f"sqlite:///{tmp_path}/nas.db") as storage:
        lease = storage.acquire(storage.study("first").id)
        ran = fresh("resume", "first")
        storage.release(lease)
    assert ran.code == 5
    assert "process" in ran.err


def test_a_database_that_cannot_be_there_is_6(fresh: Nas) -> None:
    assert fresh("run", "study.yaml", "--storage", "sqlite:////nowhere/at/all/nas.db").code == 6


def test_a_file_that_is_no_database_is_6(fresh: Nas, tmp_path: Path) -> None:
    (tmp_path / "nas.db").write_text("hello " * 1000, "utf-8")
    assert fresh("ls").code == 6


def test_a_newer_schema_is_8(searched: tuple[Path, Ran], tmp_path: Path) -> None:
    shutil.copy(searched[0] / "nas.db", tmp_path / "nas.db")
    with sqlite3.connect(tmp_path / "nas.db") as connection:
        connection.execute("UPDATE nas_alembic_version SET version_num = '9999'")
    connection.close()
    assert run_in(tmp_path, "ls").code == 8


def test_a_dashboard_without_its_token_file_is_9(nas: Nas) -> None:
    ran = nas("dashboard", "--token-file", "nowhere")
    assert ran.code == 9
    assert "cannot read the token in 'nowhere'" in ran.err


def test_a_fail_point_that_is_none_is_2(nas: Nas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_FAIL_AT", "commit:0")
    ran = nas("ls")
    assert (ran.code, "allowed are commit:N" in ran.err) == (2, True)


def test_what_nobody_expected_is_one_line_and_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NAS_TRACEBACK", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert report_error(ZeroDivisionError("division by zero")) == 1
    err = capsys.readouterr().err
    kept = re.search(r"report it with (\S+)\)", err)
    assert err.count("\n") == 1
    assert kept is not None
    assert "ZeroDivisionError" in Path(kept[1]).read_text("utf-8")


def test_a_traceback_is_shown_to_who_asks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_TRACEBACK", "1")
    report_error(ZeroDivisionError("division by zero"))
    err = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero\nerror: ZeroDivisionError" in err
    assert "the traceback above" in err
