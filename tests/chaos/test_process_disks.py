"""Disks without space: for checkpoints, and for what is printed; that of the database is in scenarios."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, small


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of its own on which there is no space left."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mount.stderr.strip()}")
    (folder / "begun").touch()
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_for_checkpoints_costs_no_training(desk: Desk, full: Path) -> None:
    text = small(trials=3, epochs=3, batch_size=64) + f"artifacts: {{folder: {full}, export: []}}\n"
    run = desk.nas("run", desk.write(text), "--storage", desk.url)
    assert run.end() == 0, run.stderr
    assert {(trial.state, trial.reason, trial.checkpoint) for trial in desk.trials()} == {
        ("COMPLETE", "checkpoint: disk full", None)
    }
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
