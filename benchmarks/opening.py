"""Seconds and memory that it takes to open a long study again.

    python -m benchmarks.opening [--trials 10000] [--sampler tpe] [--storage URL]

Makes a study of finished trials with 20 epochs each through `nas.storage`, then goes on with it in a process of its
own, until the first proposal and then until the dashboard's tables are compared. Imports are not counted.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.controller import EPOCHS, NoOpExecutor, space
from benchmarks.machine import describe_machine
from nas.config import Artifacts, Budget, Final, Objective, Pruning, StudyConfig
from nas.controller.controller import Controller
from nas.controller.proposals import Proposals
from nas.dashboard.projection import Projection
from nas.policies.pair import pair
from nas.samplers import SAMPLERS
from nas.samplers.random import RandomSampler
from nas.storage import Storage
from nas.study_file.load import from_json, to_json
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Named
from workers.messages import Job, TaskSpec

NAME = "long"
_CHUNK = 250


def make(url: str, sampler: str, trials: int) -> None:
    """Record a study of so many trials that were trained to the end, and show it in the dashboard's tables."""
    task = NoOpExecutor().describe(TaskSpec(Named("digits")))
    config = StudyConfig(
        name=NAME,
        task=TaskSpec(Named("digits")),
        space=space(),
        objectives=(Objective("accuracy", "maximize"),),
        sampler=Named(sampler),
        pruning=Pruning(Named("asha"), "accuracy"),
        budget=Budget(trials=trials + 1, epochs=EPOCHS),
        final=Final(seeds=0),
        storage=url,
        artifacts=Artifacts(export=()),
    )
    finished = list(_finished(Proposals(config, task), RandomSampler(config.space, 1), trials))
    with Storage.open(url) as storage:
        record = storage.create(NAME, to_json(config), task, {})
        lease = storage.acquire(record.id)
        for start in range(0, trials, _CHUNK):
            chunk = finished[start : start + _CHUNK]
            storage.save(lease, trials=chunk, points=[(one.number, point) for one in chunk for point in one.curve])
        storage.release(lease)
        Projection(storage, record, config.space, config.objectives).update([])


def _finished(proposals: Proposals, sampler: RandomSampler, trials: int) -> Iterator[Trial]:
    rng, began = random.Random(0), datetime.now(UTC)
    for number in range(trials):
        (params,) = sampler.ask([number])
        proposed = proposals.judge(number, params)
        best = rng.random()
        curve = tuple(
            Point(epoch, {"loss": 1 / epoch, "train_loss": 0.9 / epoch, "accuracy": best * epoch / EPOCHS}, 0.001)
            for epoch in range(1, EPOCHS + 1)
        )
        yield replace(
            proposed,
            state=TrialState.COMPLETE,
            curve=curve,
            values=(curve[-1].metrics["accuracy"],),
            epochs=EPOCHS,
            engine="native",
            attempt=1,
            finished_at=began + timedelta(milliseconds=number),
        )


class FirstJob(NoOpExecutor):
    """Takes note of when the first candidate arrives."""

    submitted_at = 0.0
    processor_at = 0.0

    def submit(self, job: Job) -> None:
        """Note the time, and finish the job."""
        if not self.submitted_at:
            self.submitted_at, self.processor_at = time.perf_counter(), time.process_time()
        super().submit(job)


def opened(url: str) -> Sequence[float]:
    """Go on with the study.

    Returns the seconds to the first proposal, those of the processor, the seconds until the study has ended with that
    one trial and the dashboard's tables are compared, and the MiB that were resident at most.
    """
    executor = FirstJob()
    _import_all(url)
    began, processor = time.perf_counter(), time.process_time()
    with Storage.open(url, create=False) as storage:
        record = storage.study(NAME)
        Controller(storage, start=lambda _: executor).resume(record)
        done = time.perf_counter()
    return executor.submitted_at - began, executor.processor_at - processor, done - began, _most_resident()


def _most_resident() -> float:
    """Read the high-water mark of this very program; `getrusage` counts the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _import_all(url: str) -> None:
    """Load what the sampler, the pruner and the dashboard need."""
    with Storage.open(url, create=False) as storage:
        config = from_json(storage.study(NAME).config)
    pair(config, seed=config.seed).next([], [0])


def main() -> None:
    """Make the study, open it in a fresh process, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=10_000, help="finished trials of the study")
    parser.add_argument("--sampler", default="tpe", choices=SAMPLERS.names(), help="who goes on")
    parser.add_argument("--storage", default="", metavar="URL", help="an empty database; SQLite unless given")
    parser.add_argument("--open", default="", help=argparse.SUPPRESS)  # in the fresh process
    options = parser.parse_args()
    if options.open:
        first, processor, done, most = opened(options.open)
        print(
            f"first proposal after {first:.2f} s ({processor:.2f} s of processor time), ended and compared after",
            end="",
        )
        print(f" {done:.2f} s, at most {most:.0f} MiB")
        return
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        url = options.storage or f"sqlite:///{Path(folder)}/nas.db"
        make(url, options.sampler, options.trials)
        print(
            f"{options.trials} trials, {options.trials * EPOCHS} points, sampler {options.sampler}:",
            end=" ",
            flush=True,
        )
        subprocess.run([sys.executable, "-m", "benchmarks.opening", "--open", url], check=True)


if __name__ == "__main__":
    main()
