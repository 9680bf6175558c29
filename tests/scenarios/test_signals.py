"""How a running study is ended from outside: signals, `nas stop`, a second controller, a full disk."""

import signal
import subprocess
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, Run, results, small, wait_for

ENDLESS = {"task": "digits", "batch_size": 4, "trials": 5000, "epochs": 9}
TWO_WORKERS = "{process: {workers: 2}}"


def started(desk: Desk, text: str, *arguments: str) -> Run:
    """Start a study and wait until it has finished a trial."""
    run = desk.start("run", desk.write(text), "--storage", desk.url, "--json", *arguments)
    run.wait_event("trial.finished")
    return run


def finish(desk: Desk, trials: int) -> None:
    """Go on with the study for a few trials more, to its end."""
    done = len(desk.trials())
    run = desk.nas("resume", "s", "--storage", desk.url, "--trials", done + trials)
    assert run.end() == 0, run.stderr
    invariants(desk.url, ended=True)
    assert len(desk.trials()) == done + trials


@pytest.mark.parametrize(("signalled", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("executor", ["inline", TWO_WORKERS])
def test_a_signal_drains_and_says_how_to_go_on(desk: Desk, executor: str, signalled: signal.Signals, code: int) -> None:
    run = started(desk, small(**ENDLESS, executor=executor))
    run.process.send_signal(signalled)
    assert run.end() == code
    assert f"nas resume s --storage {desk.url}" in run.out.read_text() + run.stderr
    assert "Traceback" not in run.stderr
    assert desk.state() == "STOPPED"
    before = invariants(desk.url, ended=True)
    finish(desk, 2)
    invariants(desk.url, before=before, ended=True)


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_drains_all_the_same(desk: Desk) -> None:
    run = desk.launch("setsid", "--wait", *_command(desk, small(**ENDLESS, executor=TWO_WORKERS)))
    run.wait_event("trial.finished")
    group = next(
        pid for pid, command in desk.processes().items() if "-m nas run" in command and "setsid" not in command
    )
    subprocess.run(["kill", "-INT", "--", f"-{group}"], check=True)
    assert run.end() == 130
    assert desk.state() == "STOPPED"
    invariants(desk.url, ended=True)


def test_a_second_signal_ends_it_at_once(desk: Desk) -> None:
    run = desk.start("run", desk.write(_long_epochs()), "--storage", desk.url, "--json")
    run.wait_event("study.started")
    wait_for(lambda: any(trial.state == "RUNNING" for trial in desk.trials()))
    run.process.send_signal(signal.SIGINT)
    wait_for(lambda: "finishing current epochs" in run.stderr)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(10) == 130
    assert not desk.no_orphans()
    invariants(desk.url)


def test_a_second_controller_is_told_who_holds_the_study(desk: Desk) -> None:
    first = started(desk, small(**ENDLESS, executor=TWO_WORKERS))
    for command in (["run", desk.folder / "study.yaml"], ["resume", "s"]):
        second = desk.nas(*command, "--storage", desk.url)
        assert second.end() == 5
        assert f"process {first.pid} on" in second.stderr
    assert first.process.poll() is None
    first.process.send_signal(signal.SIGINT)
    assert first.end() == 130


def test_nas_stop_drains_from_another_terminal(desk: Desk) -> None:
    run = started(desk, small(**ENDLESS, executor=TWO_WORKERS))
    stop = desk.nas("stop", "s", "--storage", desk.url, "--wait")
    assert stop.end() == 0, stop.stderr
    assert run.end() == 0
    assert desk.state() == "STOPPED"
    invariants(desk.url, ended=True)
    finish(desk, 2)


def test_a_stopped_inline_study_ends_with_the_trials_of_one_that_was_not(desk: Desk) -> None:
    text = small(task="digits", batch_size=4, trials=12, epochs=9, sampler="tpe")
    run = started(desk, text)
    run.process.send_signal(signal.SIGTERM)
    assert run.end() in (143, 0)
    for name in ("s", "undisturbed"):
        again = desk.nas("run", desk.write(text), "--storage", desk.url, "--name", name)
        assert again.end() == 0, again.stderr
    assert results(desk.trials("s")) == results(desk.trials("undisturbed"))


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """Return a folder on a file system of its own, a few megabytes small; mounted for this test alone."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mount.stderr.strip()}")
    return folder


@pytest.mark.parametrize("executor", ["inline", TWO_WORKERS])
def test_a_full_disk_ends_it_with_6_and_it_goes_on_once_there_is_space(full_disk: Path, executor: str) -> None:
    desk = Desk(full_disk, logs=full_disk.parent)
    try:
        ballast = full_disk / "ballast"
        run = desk.start("run", desk.write(small(**ENDLESS, executor=executor)), "--storage", desk.url, "--json")
        run.wait_event("trial.finished", 3)
        _fill(ballast)
        assert run.end() == 6, run.stderr
        assert "resume" in run.stderr
        assert "Traceback" not in run.stderr
        ballast.unlink()
        before = invariants(desk.url)
        finish(desk, 2)
        invariants(desk.url, before=before, ended=True)
    finally:
        desk.close()
        subprocess.run(["umount", "--lazy", full_disk], check=True)


def _fill(path: Path) -> None:
    """Write until nothing more fits, down to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


def _long_epochs() -> str:
    """Return a study in which the drain takes longer than any test waits."""
    text = small(**{**ENDLESS, "batch_size": 1}, executor=TWO_WORKERS)
    return text.replace("family: mlp", "family: cnn\n  stages: 3\n  blocks: 4\n  channels: 128").replace(
        "  depth: 1..3\n  width: {each: [16, 32, 64]}\n", ""
    )


def _command(desk: Desk, text: str) -> list[object]:
    import sys

    return [sys.executable, "-m", "nas", "run", desk.write(text), "--storage", desk.url, "--json"]
