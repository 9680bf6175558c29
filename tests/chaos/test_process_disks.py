"""Disks without space: for checkpoints, and for what is printed; that of the database is in scenarios."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, small


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of its own on which there is no space left; its ballast may be thrown out."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mount.stderr.strip()}")
    (folder / "begun").touch()
    fill(folder)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("ab", buffering=0) as file:
        for size in (1 << 12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


def test_a_disk_that_is_full_from_the_start_is_told_before_the_first_trial(desk: Desk, full: Path) -> None:
    text = small(trials=3, epochs=3, batch_size=64) + f"artifacts: {{folder: {full}}}\n"
    run = desk.nas("run", desk.write(text), "--storage", desk.url)
    assert run.end() == 6
    assert "No space left on device; free some space, then go on" in run.stderr
    assert not desk.find("s")
    (full / "ballast").unlink()
    assert desk.nas("run", desk.folder / "study.yaml", "--storage", desk.url).end() == 0


def test_a_full_disk_for_checkpoints_costs_no_training(desk: Desk, full: Path) -> None:
    (full / "ballast").unlink()
    text = small(task="digits", trials=8, epochs=3, batch_size=8, executor="{process: {workers: 1, cohort: 1}}")
    study = desk.write(f"{text}artifacts: {{folder: {full}, export: []}}\n")
    run = desk.start("run", study, "--storage", desk.url, "--json")
    run.wait_event("trial.finished")
    fill(full)
    assert run.end() == 0, run.stderr
    assert {trial.state for trial in desk.trials()} <= {"COMPLETE", "PRUNED"}
    assert ("checkpoint: disk full", None) in {(trial.reason, trial.checkpoint) for trial in desk.trials()}
    invariants(desk.url, ended=True)


def test_weights_that_found_no_room_are_owed_until_there_is_some(desk: Desk, full: Path) -> None:
    (full / "ballast").unlink()
    text = small(task="digits", trials=2, epochs=3, batch_size=8, seeds=1, executor="{process: {workers: 1}}")
    run = desk.start("run", desk.write(f"{text}artifacts: {{folder: {full}}}\n"), "--storage", desk.url, "--json")
    run.wait_event("study.started")
    fill(full)
    assert run.end() == 6, run.stderr
    assert "disk" in run.stderr
    (full / "ballast").unlink()
    again = desk.nas("resume", "s", "--storage", desk.url)
    assert again.end() == 0, again.stderr
    assert (full / "s/best/network.py").exists()
    invariants(desk.url, ended=True)


def test_a_full_disk_for_what_is_printed_ends_the_search_with_6(desk: Desk, full: Path) -> None:
    text = small(trials=3, epochs=3, batch_size=64) + "artifacts: {export: []}\n"
    enter = ("sh", "-c", f'exec "$@" > {full}/begun', "sh")
    run = desk.start("run", desk.write(text), "--storage", desk.url, "--json", prefix=enter)
    assert run.end() == 6, run.stderr
    assert "no space is left" in run.stderr
    assert "Traceback" not in run.stderr
    before = invariants(desk.url)
    again = desk.nas("resume", "s", "--storage", desk.url)
    assert again.end() == 0, again.stderr
    invariants(desk.url, before=before, ended=True)
