"""SIGINT and SIGTERM drain a run from outside; a second one ends it at once; either way it is resumed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_runs import STUDY, environment, run_in

from nas.cli.signals import EndedAtOnce, Interruption, handling_signals

LONG = ("--trials", "100000", "--set", "sampler=random", "--set", "space.width=4..400", "--set", "space.limits={}")


def begun(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a run that would last for hours and return once it has finished two trials."""
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    command = [sys.executable, "-m", "nas", "run", "study.yaml", *LONG, *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment())
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("[2/"):
            break
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = begun(tmp_path)
    process.send_signal(number)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "continue with: nas resume first" in err
    assert [study["state"] for study in run_in(tmp_path, "ls", "--json").json] == ["STOPPED"]


def test_a_closed_terminal_drains_quietly(tmp_path: Path) -> None:
    process = begun(tmp_path)
    for _ in range(2):  # the kernel says so, and the shell
        process.send_signal(signal.SIGHUP)
    err = process.communicate(timeout=60)[1]
    assert (process.returncode, "finishing" in err, "Traceback" in err) == (129, False, False)
    assert [study["state"] for study in run_in(tmp_path, "ls", "--json").json] == ["STOPPED"]


def test_what_was_found_is_summed_up_with_the_way_on(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    told = run_in(tmp_path, "show", "first").out.splitlines()
    assert [line for line in told if line.startswith("validation ") and "accuracy" in line]
    assert {"go on       nas resume first", "export      nas export first"} <= set(told)
    assert [line for line in told if line.rstrip().endswith("×")] == []


def test_what_was_drained_is_resumed(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    before = len(run_in(tmp_path, "top", "first", "-k", "100000", "--json").json)
    ran = run_in(tmp_path, "resume", "first", "--trials", str(before + 1), "--json")
    assert ran.code == 0
    assert ran.lines[-1]["state"] == "FINISHED"


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    with handling_signals(lambda: None) as interruption:
        yield interruption


def test_the_first_signal_only_asks(interruption: Interruption) -> None:
    signal.raise_signal(signal.SIGINT)
    assert interruption()
    assert interruption.code == 130


def test_the_second_signal_ends_it_at_once(interruption: Interruption) -> None:
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(EndedAtOnce) as ended:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_who_listened_before_listens_again() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with handling_signals(lambda: None):
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_nothing_is_lost_by_two_signals_in_a_row(tmp_path: Path) -> None:
    process = begun(tmp_path, "--set", "executor={process: {workers: 1}}")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    finished = len(run_in(tmp_path, "top", "first", "-k", "100000", "--json").json)
    ran = run_in(tmp_path, "resume", "first", "--trials", str(finished + 2), "--json")
    assert (ran.code, ran.lines[-1]["state"]) == (0, "FINISHED")


def test_stop_from_another_process_is_heard(tmp_path: Path) -> None:
    process = begun(tmp_path)
    ran = run_in(tmp_path, "stop", "first", "--wait", "--json")
    process.communicate(timeout=60)
    assert ran.json == {"study": "first", "asked": True, "state": "STOPPED"}
    assert process.returncode == 0
