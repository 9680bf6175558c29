"""Training on a GPU: as good as on a CPU, carried from one to the other, and split where memory runs out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_jobs import candidate, curve, job, of, outcome, run

from search_spaces.candidate import Candidate, Named
from workers.engines.planner import SWITCH
from workers.messages import Assignment, Saved
from workers.optimizers import OPTIMIZERS
from workers.worker import Worker

DEVICE = "cuda"
TOLERANCE = 0.1
"""Convolutions on a GPU round to TF32, and sums have another order: curves agree, bits do not."""
FOLDERS = [str(folder) for folder in (Path(__file__).parents[1] / "workers", Path(__file__).parents[2])]

NETWORKS = [
    candidate(depth=2, width=64, norm="batch", dropout=0.2, batch_size=64),
    candidate(family="cnn", stages=2, channels=16, batch_size=64),
    candidate(family="recurrent", cell="lstm", hidden=32, batch_size=64),
]


@pytest.fixture(autouse=True)
def _plain_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "solo")


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.architecture.family)
def test_a_gpu_learns_what_a_cpu_learns(tmp_path: Path, network: Candidate) -> None:
    losses = [curve(run(job(tmp_path, network), worker=Worker(device)))[-1][1]["loss"] for device in (DEVICE, "cpu")]
    assert losses[0] == pytest.approx(losses[1], rel=TOLERANCE, abs=0.02)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
@pytest.mark.parametrize(("first", "then"), [("cpu", DEVICE), (DEVICE, "cpu"), (DEVICE, DEVICE)])
def test_a_checkpoint_goes_on_on_another_device(tmp_path: Path, name: str, first: str, then: str) -> None:
    network = candidate(0, Named(name), family="cnn", stages=1, channels=8, batch_size=64)
    whole = run(job(tmp_path, network, epochs=3, checkpoint_seconds=0), worker=Worker(first))
    saved = of(whole, Saved)[0].checkpoint
    rest = run(job(tmp_path, Assignment(0, network, 2, 1, saved), epochs=3), worker=Worker(then))
    for (_, found), (_, expected) in zip(curve(rest), curve(whole)[1:], strict=True):
        assert found["loss"] == pytest.approx(expected["loss"], rel=TOLERANCE, abs=0.02)


CROWDED = """
import json, sys
sys.path[:0] = sys.argv[3:]
import torch
from training_jobs import SGD, candidate, job, outcome, run
from workers.worker import Worker
wide = [candidate(n, SGD, depth=3, width=4000, batch_size=256) for n in range(4)]
device = sys.argv[2]
worker = Worker(device)
run(job(sys.argv[1], wide[0], epochs=1), worker=worker)
if device != "cpu":
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 700 * 2**20) / total)
events = run(job(sys.argv[1], *wide, epochs=2), worker=worker)
print(json.dumps([[outcome(events, n).state, outcome(events, n).reason] for n in range(4)]))
"""


def test_a_cohort_too_big_for_the_gpu_is_split(tmp_path: Path) -> None:
    """Four of 260 MB each, where there is room for two: weights, gradients, and what a step takes."""
    command = [sys.executable, "-c", CROWDED, str(tmp_path), DEVICE, *FOLDERS]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert json.loads(ended.stdout) == [["COMPLETE", ""]] * 4


def test_a_worker_says_what_it_took_of_its_gpu(tmp_path: Path) -> None:
    worker = Worker(DEVICE)
    assert outcome(run(job(tmp_path, NETWORKS[1]), worker=worker)).state == "COMPLETE"
    assert 0 < worker.memory().peak < worker.memory().room
