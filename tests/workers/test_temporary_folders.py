"""Temporary folders: what a killed process has left is swept, what lives and what is another's stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from workers.temporary_folders import Scratch, scratch, sweep

CHILD = """
import sys, time
from workers.temporary_folders import Scratch
made = Scratch("nas-try-", sys.argv[1])
(made.path / "file").write_text("x")
print(made.path, flush=True)
time.sleep(600)
"""


@pytest.fixture
def child(tmp_path: Path) -> "subprocess.Popen[str]":
    """Start a process that has a folder, and wait until it is there."""
    return subprocess.Popen([sys.executable, "-c", CHILD, tmp_path], stdout=subprocess.PIPE, text=True)


def test_a_folder_is_removed_with_all_in_it(tmp_path: Path) -> None:
    with scratch("nas-try-", tmp_path) as here:
        (here / "below").mkdir()
        (here / "below" / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_has_left_is_swept_and_not_before(child: "subprocess.Popen[str]", tmp_path: Path) -> None:
    assert child.stdout is not None
    theirs = Path(child.stdout.readline().strip())
    ours = Scratch("nas-try-", tmp_path)
    assert theirs.exists()
    child.kill()
    child.communicate()
    sweep("nas-try-", tmp_path)
    assert not theirs.exists()
    assert ours.path.exists()
    ours.close()


def test_nothing_but_what_it_could_have_made_is_swept_and_no_link_followed(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("nas-try-", "nas-try-mine", "nas-try-12345678.txt", "nas-other-12345678")]
    for folder in (*kept, tmp_path / "outside", tmp_path / "nas-try-12345678"):
        folder.mkdir()
    (tmp_path / "nas-try-abcdefgh").symlink_to(tmp_path / "outside")
    sweep("nas-try-", tmp_path)
    assert all(folder.exists() for folder in kept)
    assert (tmp_path / "nas-try-abcdefgh").is_symlink()
    assert (tmp_path / "outside").exists()
    assert not (tmp_path / "nas-try-12345678").exists()
