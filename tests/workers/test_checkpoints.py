"""Checkpoints: whole or refused, and never a torn file under a checkpoint's name."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from workers import checkpoints
from workers.checkpoints import TrainedState
from workers.errors import CheckpointError
from workers.messages import Checkpoint

ROOT = Path(__file__).parents[2]
STATE = TrainedState(
    {"network.0.weight": torch.arange(6.0).view(2, 3), "optimizer.0.weight.step": torch.tensor(4.0)},
    "abc",
    3,
    12,
    32,
    {"loss": 0.1 + 0.2},
)

KILLER = """
import os, signal, sys, time, torch
from pathlib import Path
from workers import checkpoints
from workers.checkpoints import TrainedState
torch.set_num_threads(1)
folder, tensors = Path(sys.argv[1]), {"network.0.weight": torch.rand(1000, 1000)}
for kill in range(15):
    writer = os.fork()
    while writer == 0:
        tensors["network.0.weight"] += 1
        checkpoints.save(str(folder), "c", TrainedState(tensors, "f", 1, 1, 1, {}))
    time.sleep(0.05 + 0.003 * kill)
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    for path in folder.glob("c-*.safetensors"):
        content = path.read_bytes()
        checkpoints.load(checkpoints.Checkpoint(str(path), checkpoints.hash_of(content), len(content), 1))
        print(path.name)
        path.unlink()
"""


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    return checkpoints.save(str(tmp_path / "deep"), "c", STATE)


def test_a_state_comes_back_bitwise(saved: Checkpoint) -> None:
    loaded = checkpoints.load(saved)
    assert all(torch.equal(value, loaded.tensors[name]) for name, value in STATE.tensors.items())
    assert replace(loaded, tensors={}).__repr__() == replace(STATE, tensors={}).__repr__()


def test_the_reference_holds_size_and_epoch(saved: Checkpoint) -> None:
    assert (saved.bytes, saved.epoch) == (os.path.getsize(saved.path), 3)


def test_equal_states_have_equal_hashes(saved: Checkpoint, tmp_path: Path) -> None:
    assert checkpoints.save(str(tmp_path), "again", STATE).sha256 == saved.sha256


def test_nothing_but_the_checkpoint_is_left_in_its_folder(saved: Checkpoint) -> None:
    assert os.listdir(Path(saved.path).parent) == [f"c-{saved.sha256[:8]}.safetensors"]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        checkpoints.load(Checkpoint(str(tmp_path / "none"), "", 0, 1))


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(saved: Checkpoint, kept: int) -> None:
    path = Path(saved.path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="torn or altered"):
        checkpoints.load(saved)


@pytest.mark.parametrize("place", [0, 50, -1])
def test_a_flipped_bit_is_refused(saved: Checkpoint, place: int) -> None:
    content = bytearray(Path(saved.path).read_bytes())
    content[place] ^= 4
    Path(saved.path).write_bytes(content)
    with pytest.raises(CheckpointError, match="torn or altered"):
        checkpoints.load(saved)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x02\0\0\0\0\0\0\0{}", b"\xff" * 20])
def test_a_file_that_is_no_checkpoint_is_refused_even_with_the_right_hash(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        checkpoints.load(Checkpoint(str(path), checkpoints.hash_of(content), len(content), 1))


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "FORMAT", 99)
    written = checkpoints.save(str(tmp_path), "c", STATE)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="format"):
        checkpoints.load(written)


def test_each_life_of_a_trial_has_its_own_file_names() -> None:
    lives = [("search", 1, 1, 1, 0), ("final", 1, 1, 1, 0), ("search", 2, 1, 1, 0), ("search", 1, 2, 1, 0)]
    lives += [("search", 1, 1, 2, 0), ("search", 1, 1, 1, 9)]
    assert len({checkpoints.file_name(*life) for life in lives}) == len(lives)


def test_a_killed_writer_leaves_a_whole_checkpoint_each_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLER, str(tmp_path)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout.split()
    assert len(set(found)) > 1  # writers did get to write
