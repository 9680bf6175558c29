"""Memory that really runs out: one candidate starts again at half the batch, its neighbour never notices."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from training_jobs import candidate, curve, job, of, outcome, run

from workers.cancellation import Flag
from workers.datasets.batches import Epoch
from workers.engines.failures import DeviceLost, failure
from workers.engines.planner import SWITCH
from workers.engines.torch_training import Training
from workers.messages import Assignment, Saved

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
MEASURED = {SWITCH: "solo", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""Large tensors are given back to the system when they are freed, so that memory holds what is in use and no more."""
LIMITED = """
import json, resource, sys
sys.path[:0] = sys.argv[3:]
import torch
from training_jobs import candidate, curve, job, outcome, run
from workers import checkpoints
from workers.worker import Worker, warm_up
torch.set_num_threads(1)
worker = Worker()
shape = dict(family="cnn", stages=1, blocks=16, channels=64, kernel=1, pooling="none")
small, big, lean = candidate(), candidate(1, **shape, batch_size=2000), candidate(1, **shape, batch_size=8)
run(job(sys.argv[1], small, lean, epochs=1), worker=worker)
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + int(sys.argv[2]) * 2**20,) * 2)
events = run(job(sys.argv[1], small, big, epochs=2), worker=worker)
found = [outcome(events, number) for number in (0, 1)]
kept = [checkpoints.load(each.checkpoint).step if each.checkpoint else 0 for each in found]
print(json.dumps([[each.state, each.reason, each.epochs] for each in found] + [kept, len(curve(events, 1))]))
"""


def trained_within(megabytes: int, folder: Path) -> list[Any]:
    """Train a small and a big candidate in a process that may take this much more memory than it has."""
    command = [sys.executable, "-c", LIMITED, str(folder), str(megabytes), str(FOLDER), str(ROOT)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | MEASURED)
    found: list[Any] = json.loads(ended.stdout)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS holds on Linux alone")
def test_a_candidate_too_big_for_memory_trains_at_half_the_batch(tmp_path: Path) -> None:
    small, big, steps, reported = trained_within(220, tmp_path)
    assert small == ["COMPLETE", "", 2]
    assert big == ["COMPLETE", "oom: trained with batches of 539", 2]
    assert steps[1] == 4  # two batches an epoch in place of one
    assert reported == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS holds on Linux alone")
def test_a_candidate_too_big_at_half_the_batch_fails_alone(tmp_path: Path) -> None:
    small, big, _, reported = trained_within(100, tmp_path)
    assert small == ["COMPLETE", "", 2]
    assert big == ["FAIL", "oom", 0]
    assert reported == 0


CROWDED = """
import json, resource, sys
sys.path[:0] = sys.argv[2:]
import torch
from training_jobs import SGD, candidate, curve, job, outcome, run
from search_spaces.candidate import Named
from workers.messages import EpochMetrics, Split, TaskSpec
from workers.worker import Worker, warm_up
torch.set_num_threads(1)
conv = dict(family="cnn", stages=1, blocks=16, channels=96, kernel=1, pooling="none")
wide = [candidate(n, SGD, depth=2, width=1500, batch_size=180) for n in range(4)]
deep = candidate(4, SGD, **conv, batch_size=180)
few = TaskSpec(Named("digits"), Split(0.2, 0.7))
worker = Worker()
def limit(megabytes):
    pages = int(open("/proc/self/statm").read().split()[0])
    most = pages * resource.getpagesize() + megabytes * 2**20 if megabytes else -1
    resource.setrlimit(resource.RLIMIT_AS, (most, -1))
def train(megabytes, after, *cohort):
    events = []
    if not after:
        limit(megabytes)
    for batch in worker.train(job(sys.argv[1], *cohort, epochs=2, checkpoint_seconds=0, task=few)):
        events += batch
        if after in [event.epoch for event in batch if isinstance(event, EpochMetrics)]:
            limit(megabytes)
    limit(0)
    order = [(event.number, event.epoch) for event in events if isinstance(event, EpochMetrics)]
    numbers = range(len(cohort))
    ends = [[each.state, each.reason] for each in (outcome(events, number) for number in numbers)]
    return ends, [curve(events, number) for number in numbers], order
mixed = [train(megabytes, after, deep, *wide) for megabytes, after in ((0, 0), (100, 0), (30, 1))]
print(json.dumps([*mixed, train(60, 0, *wide)]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS holds on Linux alone")
def test_a_cohort_too_big_for_memory_is_split_and_loses_nothing(tmp_path: Path) -> None:
    """Too big from the start, and from its second epoch on: the wide ones hold what the deep one needs."""
    command = [sys.executable, "-c", CROWDED, str(tmp_path), str(FOLDER), str(ROOT)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | MEASURED)
    together, at_once, later, wide = json.loads(ended.stdout)
    ends, curves, order = together
    assert ends == [["COMPLETE", ""]] * 5
    assert order == [[number, epoch] for epoch in (1, 2) for number in range(5)]
    assert at_once[:2] == later[:2] == together[:2]
    assert at_once[2] == [*([number, epoch] for epoch in (1, 2) for number in range(1, 5)), [0, 1], [0, 2]]
    assert later[2] == [*order[:5], *([number, 2] for number in range(1, 5)), [0, 2]]
    assert (wide[0], [curve[-1] for curve in wide[1]]) == (ends[1:], [curve[-1] for curve in curves[1:]])
    assert wide[2] != [[number, epoch] for epoch in (1, 2) for number in range(4)]


SAMPLES = """
import json, resource, sys
sys.path[:0] = sys.argv[2:]
import numpy as np
from training_jobs import candidate, job, outcome, run
from search_spaces.candidate import Named, Settings
from workers.messages import TaskSpec
from workers.worker import Worker, warm_up
path = sys.argv[1] + "/large.npz"
np.savez(path, x=np.zeros((20000, 1000), np.float32), y=np.arange(20000) % 2)
task, worker = TaskSpec(Named("npz", Settings(path=path))), Worker()
worker.describe(task)
warm_up()
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 30 * 2**20, -1))
ended = outcome(run(job(sys.argv[1], candidate(), epochs=1, task=task, stage="final"), worker=worker))
print(json.dumps([ended.state, ended.reason]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS holds on Linux alone")
def test_samples_that_do_not_fit_fail_their_candidates_and_end_no_worker(tmp_path: Path) -> None:
    """The final stage joins train and validation: 64 MB where 30 are left."""
    command = [sys.executable, "-c", SAMPLES, str(tmp_path), str(FOLDER), str(ROOT)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    assert json.loads(ended.stdout) == ["FAIL", "oom"]


@pytest.mark.parametrize(("message", "lost"), [("CUDA error: device-side assert triggered", True), ("shape", False)])
def test_a_device_that_is_lost_ends_the_process_and_no_candidate(message: str, lost: bool) -> None:
    if lost:
        with pytest.raises(DeviceLost):
            failure(RuntimeError(message))
    else:
        assert failure(RuntimeError(message)).reason == "crash: RuntimeError: shape"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_memory_that_runs_out_is_known_by_each_of_its_names(error: Exception) -> None:
    assert failure(error).reason == "oom"


def test_an_epoch_that_was_told_of_is_not_told_of_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Training.epoch

    def epoch(self: Training, epoch: Epoch, ended: Flag) -> float | None:
        if epoch.number == 1 and self.member.batch_size == 32:
            raise MemoryError
        return honest(self, epoch, ended)

    monkeypatch.setenv(SWITCH, "solo")
    monkeypatch.setattr(Training, "epoch", epoch)
    events = run(job(tmp_path, candidate(), epochs=3))
    assert [epoch for epoch, _ in curve(events)] == [1, 2, 3]
    assert outcome(events).state == "COMPLETE"


def test_a_batch_of_one_that_does_not_fit_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def epoch(self: Training, epoch: Epoch, ended: Flag) -> float | None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes")

    monkeypatch.setenv(SWITCH, "solo")
    monkeypatch.setattr(Training, "epoch", epoch)
    ended = outcome(run(job(tmp_path, candidate(batch_size=1))))
    assert (ended.state, ended.reason) == ("FAIL", "oom")


def test_a_candidate_at_half_the_batch_goes_on_so_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Training.epoch

    def epoch(self: Training, epoch: Epoch, ended: Flag) -> float | None:
        if self.member.batch_size == 32:
            raise MemoryError
        return honest(self, epoch, ended)

    monkeypatch.setenv(SWITCH, "solo")
    monkeypatch.setattr(Training, "epoch", epoch)
    whole = run(job(tmp_path, candidate(), epochs=3, checkpoint_seconds=0))
    saved = of(whole, Saved)[0].checkpoint
    rest = run(job(tmp_path, Assignment(0, candidate(), 2, 1, saved), epochs=3))
    assert curve(rest) == curve(whole)[1:]
