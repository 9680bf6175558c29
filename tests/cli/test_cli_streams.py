"""Streams that are closed, full, read by nobody, or cannot say every sign: tried from outside."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_runs import SMALL, STUDY, Ran, environment, run_in


@pytest.fixture
def folder(searched: tuple[Path, Ran], tmp_path: Path) -> Path:
    """Return a folder with a finished study, and a study file."""
    run_in(searched[0], "db", "backup", str(tmp_path / "nas.db"))
    (tmp_path / "study.yaml").write_text(STUDY, "utf-8")
    return tmp_path


def shell(folder: Path, line: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a line of bash in which `nas` is the command."""
    script = f'nas() {{ "{sys.executable}" -m nas "$@"; }}; {line}'
    known = {**environment(), **variables}
    return subprocess.run(["bash", "-c", script], cwd=folder, env=known, capture_output=True, timeout=120)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_run_with_closed_streams_ends_well(folder: Path, closed: str) -> None:
    ran = shell(folder, f"nas run study.yaml --name second {' '.join(map(repr, SMALL))} {closed}")
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    assert {study["study"] for study in run_in(folder, "ls", "--json").json} == {"first", "second"}
    assert run_in(folder, "db", "check").code == 0


@pytest.mark.parametrize("command", ["ls", "show first", "top first", "trial first 0", "check study.yaml", "spaces"])
def test_a_full_disk_under_what_is_printed_is_6_and_said_in_one_line(folder: Path, command: str) -> None:
    ran = shell(folder, f"nas {command} >/dev/full")
    assert ran.returncode == 6
    assert ran.stderr == b"error: cannot write to standard output: no space is left on its disk\n"


def test_narration_that_nobody_can_read_ends_nothing(folder: Path) -> None:
    ran = shell(folder, f"nas run study.yaml --name second {' '.join(map(repr, SMALL))} 2>/dev/full")
    assert (ran.returncode, b"finished" in ran.stdout) == (0, True)


@pytest.mark.parametrize("command", ["show first", "trial first 0 --curve", "spaces"])
def test_a_reader_that_goes_away_ends_a_command_quietly(folder: Path, command: str) -> None:
    ran = shell(folder, f"nas {command} | true; exit ${{PIPESTATUS[0]}}")
    assert ran.returncode in (0, 141)  # as the reader was slower or faster
    assert ran.stderr == b""


def test_a_run_whose_events_nobody_reads_is_drained(folder: Path) -> None:
    long = "--name second --trials 100000 --set sampler=random --set space.width=4..400 --set space.limits={}"
    ran = shell(folder, f"nas run study.yaml --json {long} | head -3 >/dev/null; exit ${{PIPESTATUS[0]}}")
    assert (ran.returncode, b"Traceback" in ran.stderr) == (141, False)
    states = {study["study"]: study["state"] for study in run_in(folder, "ls", "--json").json}
    assert states["second"] == "STOPPED"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_signs_that_a_stream_cannot_say_are_written_plainly(folder: Path, encoding: str) -> None:
    for command in ("show first", "trial first 0", "top first", "ls"):
        ran = shell(folder, f"nas {command}", PYTHONIOENCODING=encoding)
        assert (ran.returncode, ran.stderr) == (0, b""), command
        ran.stdout.decode(encoding)


def test_what_is_ignored_stays_ignored(folder: Path) -> None:
    """As of what `nohup` starts, and of what a script starts in its background."""
    script = f"trap '' HUP INT; exec '{sys.executable}' -m nas run study.yaml --json --name second --trials 40"
    process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    last = process.communicate(timeout=120)[0].splitlines()[-1]
    assert (process.returncode, b'"state": "FINISHED"' in last) == (0, True)
